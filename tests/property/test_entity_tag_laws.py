"""Laws of entity tags, with werkzeug's reading of If-None-Match as the oracle."""

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_etags

from service.web.caching import is_known, tag_of

BODIES = st.binary(max_size=3)
# Source: RFC 9110, section 8.8.3; without the obs-text that no header here can hold.
OPAQUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'))
FOREIGN = st.builds("{}{}".format, st.sampled_from(["", "W/"]), OPAQUE.map('"{}"'.format))
OURS = BODIES.map(tag_of).flatmap(lambda tag: st.sampled_from([tag, tag.removeprefix("W/")]))
SEPARATORS = st.sampled_from([",", ", ", " , "])


@given(BODIES, st.lists(OURS | FOREIGN, min_size=1, max_size=5), SEPARATORS)
def test_a_tag_is_known_when_it_is_in_the_list(
    body: bytes, tags: list[str], separator: str
) -> None:
    tag = tag_of(body)
    header = separator.join(tags)

    known = is_known(tag, header)

    opaque = tag.removeprefix("W/")
    assert known == parse_etags(header).contains_weak(opaque.strip('"'))
    assert known == (opaque in {each.removeprefix("W/") for each in tags})


@given(BODIES, BODIES)
def test_bodies_have_the_same_tag_when_they_are_the_same(one: bytes, other: bytes) -> None:
    assert (tag_of(one) == tag_of(other)) == (one == other)
