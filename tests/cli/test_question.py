from service.cli.question import PARAMETERS
from tests.contract.document import find_operation, list_parameters


def test_the_options_are_the_parameters_of_an_upgrade() -> None:
    documented = set(list_parameters(find_operation("get_upgrade"), "query"))

    # The form of the answer is asked for by options of their own.
    assert set(PARAMETERS) == documented - {"format"}
