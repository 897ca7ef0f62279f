from service.cli.question import PARAMETERS
from tests.contract.document import find_operation, list_parameters


def test_the_options_are_the_parameters_of_an_upgrade() -> None:
    documented = set(list_parameters(find_operation("get_upgrade"), "query"))

    # The form of the answer has options of its own, and none is about a NodeOpUpgrade.
    assert set(PARAMETERS) == documented - {"format", "node"}
