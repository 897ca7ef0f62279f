"""The pages as people see them: in Chromium, by mouse, keyboard and screen reader."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from service.web.problems import PROBLEMS
from tests.apps import SNAPSHOT
from tests.e2e.browser import Visit, start_browser
from tests.e2e.service import Service, start_service
from tests.worked_examples import HADRON, HADRON_TARGET

IMAGE = f"quay.io/kairos/{HADRON}"
UBUNTU = "quay.io/kairos/ubuntu:24.04-standard-amd64-generic-v3.2.3-k3sv1.31.2-k3s1"
BLOCKED = "quay.io/kairos/debian:12-standard-amd64-generic-v3.5.10-k3s-v1.34.2-k3s1"
UP_TO_DATE = "quay.io/kairos/hadron:v0.5.1-core-amd64-generic-v4.2.0"
HOSTILE = "<script>document.title='owned'</script>\"'><img src=x onerror=document.title='owned'>"
RULES = f"""\
version: 1
advisories:
  - id: hostile
    from: ">=1.0.0"
    to: ">=1.0.0"
    severity: critical
    summary: {json.dumps(HOSTILE)}
    url: "javascript:document.title='owned'"
    source: s
"""
PAGES = {
    "front": "/",
    "answer": f"/?image={IMAGE}&flavor=none",
    "answer with a long way and many warnings": f"/?image={UBUNTU}&flavor=none",
    "blocked": f"/?image={BLOCKED}&flavor=none",
    "error": "/?image=oci:x&flavor=none",
    "filtered": "/?flavor=hadron&sort=-newest",
    "problems": "/problems",
    "problem": "/problems/blocked",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("service")
    with start_service(directory, {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT)}) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start_browser() as running:
        yield running


@pytest.fixture
def visit(browser: Browser, service: Service) -> Iterator[Visit]:
    yield from _visit(browser, service)


def _visit(browser: Browser, service: Service, **options: object) -> Iterator[Visit]:
    context = browser.new_context(**options)  # type: ignore[arg-type] # what playwright takes
    visit = Visit(f"http://127.0.0.1:{service.port}", context.new_page())
    visit.watch()
    try:
        yield visit
    finally:
        context.close()


def _query(visit: Visit) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visit.page.url).query)


def test_the_form_gives_a_recommendation(visit: Visit) -> None:
    visit.open("/")

    visit.page.get_by_label("Image that the node runs").fill(f"  {IMAGE} ")
    visit.page.get_by_role("button", name="Recommend").click()

    answer = visit.page.get_by_role("region", name="An upgrade is available")
    expect(answer).to_be_visible()
    steps = answer.get_by_role("list", name="The way").get_by_role("listitem")
    expect(steps).to_have_count(2)
    expect(steps.nth(1)).to_contain_text(HADRON_TARGET)
    expect(answer.get_by_role("region", name="Command for the node")).to_have_text(
        f"kairos-agent upgrade --source oci:quay.io/kairos/hadron:{HADRON_TARGET}"
    )
    expect(answer.locator(".critical")).to_contain_text("major_jump")
    expect(visit.page.get_by_label("Image that the node runs")).to_have_value(IMAGE)
    assert visit.complaints == []


def test_the_form_narrows_how_far_a_node_may_go(visit: Visit) -> None:
    visit.open(f"/?image={IMAGE}")

    visit.page.get_by_text("How far it may go").click()
    visit.page.get_by_label("Largest step").select_option("Within the major release")
    visit.page.get_by_role("button", name="Recommend").click()

    expect(visit.page.get_by_role("heading", name="Held back by policy")).to_be_visible()
    expect(visit.page.get_by_label("Largest step")).to_have_value("minor")
    assert visit.complaints == []


def test_another_way_is_one_click_away(visit: Visit) -> None:
    visit.open(f"/?image={IMAGE}&max_step=minor")

    visit.page.get_by_role("link", name="in a newer major release").click()

    expect(visit.page.get_by_role("heading", name="An upgrade is available")).to_be_visible()
    assert _query(visit) == {"image": [IMAGE], "max_step": ["major"]}
    assert visit.complaints == []


def test_the_matrix_is_filtered_and_shown_whole_again(visit: Visit) -> None:
    visit.open("/")
    rows = visit.page.locator("tbody tr")
    whole = rows.count()

    visit.page.get_by_label("Flavor", exact=True).select_option("hadron")
    visit.page.get_by_label("Arch", exact=True).select_option("arm64")
    visit.page.get_by_role("button", name="Filter").click()

    expect(rows).to_have_count(4)
    assert {row.split("\t")[0] for row in rows.all_inner_texts()} == {"hadron"}
    visit.page.get_by_role("link", name="Show all").click()
    expect(rows).to_have_count(whole)
    assert visit.complaints == []


def test_the_matrix_is_sorted_by_the_head_of_a_column_both_ways(visit: Visit) -> None:
    visit.open("/?flavor=ubuntu")
    head = visit.page.get_by_role("columnheader", name="Release")
    releases = visit.page.locator("tbody td:nth-child(2)")

    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    upwards = releases.all_inner_texts()
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "descending")

    assert upwards == sorted(upwards, key=float)
    assert set(upwards) > {"20.04", "25.10"}
    assert releases.all_inner_texts()[0] == upwards[-1]
    expect(visit.page.get_by_label("Flavor", exact=True)).to_have_value("ubuntu")
    assert visit.complaints == []


def test_an_error_is_told_in_the_page(visit: Visit) -> None:
    visit.open("/")

    visit.page.get_by_label("Image that the node runs").fill(f"oci:{IMAGE}")
    with visit.page.expect_navigation() as answered:
        visit.page.get_by_role("button", name="Recommend").click()

    assert answered.value is not None
    assert answered.value.status == 400
    told = visit.page.get_by_role("region", name="Not an image reference")
    expect(told).to_contain_text("leave out the leading 'oci:'")
    told.get_by_role("link", name="More about this problem").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Not an image reference")


def test_a_command_is_copied(browser: Browser, service: Service) -> None:
    for visit in _visit(browser, service, permissions=["clipboard-read", "clipboard-write"]):
        visit.open(f"/?image={IMAGE}")

        visit.page.get_by_role("button", name="Copy").first.click()

        expect(visit.page.get_by_role("status")).to_have_text("Copied")
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied == f"kairos-agent upgrade --source oci:quay.io/kairos/hadron:{HADRON_TARGET}"
        assert visit.complaints == []


def test_a_command_is_selected_where_there_is_no_clipboard(visit: Visit) -> None:
    visit.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    visit.open(f"/?image={IMAGE}")

    visit.page.get_by_role("button", name="Copy").first.click()

    expect(visit.page.get_by_role("status")).to_have_text("Selected")
    assert HADRON_TARGET in visit.page.evaluate("String(getSelection())")
    assert visit.complaints == []


def test_all_can_be_done_by_keyboard(visit: Visit) -> None:
    visit.open("/")
    keyboard = visit.page.keyboard

    keyboard.press("Tab")
    expect(visit.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(visit.page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    keyboard.press("Enter")
    keyboard.press("Tab")
    expect(visit.page.get_by_label("Image that the node runs")).to_be_focused()
    keyboard.type(IMAGE)
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    keyboard.press("Tab")
    keyboard.press("ArrowDown")
    expect(visit.page.get_by_label("Largest step")).to_have_value("minor")
    keyboard.press("Shift+Tab")
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")

    expect(visit.page.get_by_role("heading", name="Held back by policy")).to_be_visible()
    assert visit.complaints == []


def test_whoever_has_the_focus_is_seen(visit: Visit) -> None:
    visit.open(f"/?image={IMAGE}")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    seen = []

    for _ in range(40):
        visit.page.keyboard.press("Tab")
        seen.append(visit.page.evaluate(outline))

    assert set(seen) == {"solid"}


def test_the_page_works_without_javascript(browser: Browser, service: Service) -> None:
    for visit in _visit(browser, service, java_script_enabled=False):
        visit.open("/")

        visit.page.get_by_label("Image that the node runs").fill(IMAGE)
        visit.page.get_by_role("button", name="Recommend").click()
        visit.page.get_by_label("Flavor", exact=True).select_option("debian")

        expect(visit.page.get_by_role("heading", name="An upgrade is available")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Copy")).to_have_count(0)
        visit.page.get_by_role("button", name="Filter").click()
        assert {row.split("\t")[0] for row in visit.page.locator("tbody tr").all_inner_texts()} == {
            "debian"
        }


def test_paper_has_the_answer_and_the_matrix_and_nothing_to_press(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    visit.page.set_viewport_size({"width": 700, "height": 1000})  # A4 without its margins

    visit.open(f"/?image={IMAGE}")

    expect(visit.page.get_by_role("heading", name="An upgrade is available")).to_be_visible()
    expect(visit.page.get_by_role("table")).to_be_visible()
    expect(visit.page.get_by_role("button")).to_have_count(0)
    expect(visit.page.get_by_role("combobox")).to_have_count(0)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 700


def test_colours_of_the_system_tell_what_runs_from_what_comes(
    browser: Browser, service: Service
) -> None:
    for visit in _visit(browser, service, forced_colors="active"):
        visit.open(f"/?image={IMAGE}")

        marks = visit.page.locator(".path li").evaluate_all(
            "(steps) => steps.map((s) => getComputedStyle(s, '::before').backgroundColor)"
        )

        assert len(set(marks)) == len(marks) == 2


@pytest.mark.parametrize("image", [UP_TO_DATE, BLOCKED])
def test_where_an_answer_comes_from_stands_apart_from_it(visit: Visit, image: str) -> None:
    visit.open(f"/?image={image}")

    gap = visit.page.locator(".footing").evaluate(
        "(line) => line.getBoundingClientRect().top"
        " - line.previousElementSibling.getBoundingClientRect().bottom"
    )

    assert gap >= 16


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, service: Service, scheme: str) -> None:
    for visit in _visit(browser, service, color_scheme=scheme):
        found = {}
        for name, path in PAGES.items():
            visit.open(path)
            found[name] = visit.audit()

        assert found == {name: [] for name in PAGES}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_api_browser(
    browser: Browser, service: Service, scheme: str
) -> None:
    for visit in _visit(browser, service, color_scheme=scheme):
        visit.open("/docs")
        visit.page.locator("#operations-upgrade-get_upgrade").wait_for()

        # What is moderate is Swagger UI's markup: a second main, and the order of its headings.
        assert visit.audit(of="serious critical") == []
        assert visit.complaints == []


def test_nothing_is_wider_than_a_narrow_screen(browser: Browser, service: Service) -> None:
    for visit in _visit(browser, service, viewport={"width": 320, "height": 640}):
        widths = {}
        for name, path in PAGES.items():
            visit.open(path)
            widths[name] = visit.page.evaluate("document.documentElement.scrollWidth")

        assert widths == dict.fromkeys(PAGES, 320)


@pytest.mark.parametrize(
    "path",
    [
        f"/?image={quote(HOSTILE)}",
        f"/?image={quote(IMAGE)}&max_step={quote(HOSTILE)}",
        f"/?flavor={quote(HOSTILE)}",
        f"/?sort={quote(HOSTILE)}",
        f"/?{quote(HOSTILE)}=1",
        f"/?image=quay.io/kairos/hadron:{quote(HOSTILE)}",
        f"/problems/{quote(HOSTILE, safe='')}",
    ],
)
def test_hostile_input_is_shown_and_never_run(visit: Visit, path: str) -> None:
    visit.open(path)

    assert visit.page.title() != "owned"
    assert visit.page.locator("img").count() == 0
    assert [each for each in visit.complaints if "Failed to load resource" not in each] == []


def test_hostile_rules_are_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    settings = {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT), "ADVISOR_RULES_FILE": str(rules)}
    with start_service(tmp_path, settings) as service:
        for visit in _visit(browser, service):
            visit.open(f"/?image={IMAGE}")

            warning = visit.page.locator(".warnings li", has_text="advisory:hostile")
            expect(warning).to_contain_text(HOSTILE)
            expect(warning.get_by_role("link")).to_have_count(0)
            assert visit.page.title() != "owned"
            assert visit.complaints == []


def test_a_token_opens_the_page_as_the_password_that_a_browser_asks_for(
    browser: Browser, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("the-token-of-the-page\n")
    settings = {"ADVISOR_SNAPSHOT_DIR": str(SNAPSHOT), "ADVISOR_API_TOKENS_FILE": str(tokens)}
    known = {"username": "anyone", "password": "the-token-of-the-page"}
    with start_service(tmp_path, settings) as service:
        for visit in _visit(browser, service, http_credentials=known):
            visit.open(f"/?image={IMAGE}")

            expect(
                visit.page.get_by_role("heading", name="An upgrade is available")
            ).to_be_visible()
            assert visit.complaints == []
            with visit.page.expect_navigation() as answered:
                visit.page.get_by_role("link", name="The same as JSON").click()
            assert answered.value is not None
            assert answered.value.status == 200


def test_the_api_browser_shows_the_contract_and_tries_it(visit: Visit) -> None:
    visit.open("/docs")

    operation = visit.page.locator("#operations-upgrade-get_upgrade")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()

    expect(
        operation.locator(".live-responses-table .response .response-col_status").first
    ).to_have_text("200")
    assert visit.complaints == []


def test_problems_lead_to_their_pages(visit: Visit) -> None:
    visit.open("/problems")

    links = visit.page.get_by_role("main").get_by_role("heading", level=2).get_by_role("link")

    assert links.all_inner_texts() == [problem.error.title for problem in PROBLEMS.values()]
    links.last.click()
    expect(visit.page.get_by_role("heading", name="What to do")).to_be_visible()
    assert visit.complaints == []
