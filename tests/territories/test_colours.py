import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.errors import DomainError
from app.territories import colours

accents = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_known_contrasts():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert colours.checked(" #9C3222 ") == "#9c3222"
    assert colours.checked("#900") == "#990000"


@pytest.mark.parametrize("wrong", ["red", "#12", "#1234567", "url(x)", "#9c3222;}", "#gggggg", ""])
def test_what_is_not_a_colour_is_refused(wrong):
    with pytest.raises(DomainError):
        colours.checked(wrong)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # of a busy machine
@given(accents)
def test_whatever_is_accepted_reads_well_in_both_schemes(accent):
    reads_well = all(colours.contrast(accent, ground) >= 4.5 for ground in colours.LIGHT_GROUNDS)
    if not reads_well:
        with pytest.raises(DomainError, match="contraste"):
            colours.checked(accent)
        return
    assert colours.checked(accent) == accent
    light, dark = (
        dict(part.strip().split(": ") for part in line.split("{ :root {")[1].split("}")[0].strip(" ;").split(";"))
        for line in colours.theme(accent).splitlines()
    )
    for scheme, grounds in ((light, colours.LIGHT_GROUNDS), (dark, colours.DARK_GROUNDS)):
        for name in ("--accent", "--accent-deep"):
            assert all(colours.contrast(scheme[name], ground) >= 4.5 for ground in grounds), (accent, name, scheme)
            assert colours.contrast(scheme["--on-accent"], scheme[name]) >= 4.5, (accent, name, scheme)
