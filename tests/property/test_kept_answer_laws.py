from hypothesis import given, settings
from hypothesis import strategies as st

from tests.changing import CHANGES, World, ask

QUERIES = ("", "&format=text", "&format=env", "&max_step=patch", "&exclude=v1.1.0")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.sampled_from(QUERIES)),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_changes_in_whatever_order_a_kept_answer_is_what_would_be_made(
    story: list[tuple[str, str]],
) -> None:
    world = World()

    for change, query in story:
        ask(world.app, query=query)
        world.change(CHANGES[change])

        assert ask(world.app, query=query) == ask(world.build_app(), query=query)
