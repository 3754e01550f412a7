"""The parts of a frozen collector that stand around the facts: options, bundle, self-test."""
