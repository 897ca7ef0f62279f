"""What a test adds to the metrics, to which all tests of a process add."""

from service.metrics import REGISTRY


class Added:
    """How much was added to a series since this was made."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels
        self._before = self._read()

    def __call__(self) -> float:
        return self._read() - self._before

    def _read(self) -> float:
        return REGISTRY.get_sample_value(self._name, self._labels) or 0
