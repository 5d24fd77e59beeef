"""Regular expressions, against what Go 1.26 says of them (regexp/syntax, with its Perl flags)."""

import pytest

from driftdeck.preflight.go.patterns import complaint


@pytest.mark.parametrize(
    "pattern",
    [
        "", "a", "a*?", "x{2,3}", "{", "a{1", "x{,3}", r"\Qa(b\E", r"\Qa(b", r"\pL", r"\p{Greek}",
        r"\p{^Greek}", "[[:word:]]", "[]a]", "[^]a]", r"\x{10FFFF}", r"\z", r"\_", r"\01",
        "(?i-s:a)",
        "(?<n>a)", "(?P<n>a)", "(?P<n>a)(?P<n>b)", "(?U)a*", "()*", "^*", "é",
    ],
)  # fmt: skip
def test_go_takes(pattern: str) -> None:
    """What Go's own syntax has, and Python's has otherwise or not at all."""
    assert complaint(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "a(b", "a)", "a**", "a{2}{3}", "a+*", "a{1001}", "a{2,1}", "(?=a)",
        "(?<!a)", "a*+", r"\1", r"\Z", r"\C", "[[:foo:]]", "[a-", "[z-a]", r"\x{110000}",
        r"\8", r"\é",
        "a|*", "*", "(?x)a", "(?P=n)", r"\h", "(?P<é>a)",
    ],
)  # fmt: skip
def test_go_refuses(pattern: str) -> None:
    """Lookaround, back references, possessive repeats, and what says nothing."""
    assert complaint(pattern) != ""
