"""The pages as people meet them: on a phone and a desk, light and dark, by keyboard, and without scripts."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from hlf.network.admin.changing import ChangePlan, PlannedStep
from hlf.network.plan import steps
from tests.browser import conftest, screenshots
from tests.browser.addresses import ROLES, addresses
from tests.browser.conftest import LOOKS, PHONE, Visitor

_KILOBYTE = 1024
CHANGED = ("batch.timeout", "50ms", "200ms")
PROPOSAL = Path(__file__).parents[1] / "fuzz" / "corpus" / "proposed-update" / "signed.json"
# Rules that depend on the size or the theme; the first look of a page tries all rules.
_OF_LOOKS = {"runOnly": ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]}
# What passes is counted and not described: to describe it takes longer than all the rules do.
_VIOLATIONS = "async rules => (await axe.run({...rules, resultTypes: ['violations']})).violations"
# Ids, keys and names that others chose may be long and without a space, wherever they stand.
_LENGTHEN = """() => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts)
    if (text.data.trim() && !text.parentElement.closest("svg, option")) text.data += "x".repeat(80);
  return document.documentElement.scrollWidth;
}"""

# Values that a page squeezes into a column of single letters.
_SQUEEZED = """() => [...document.querySelectorAll("main dd, main td > div")]
  .filter(each => each.clientWidth > 0 && each.clientWidth < 40 && each.clientHeight > 2 * each.clientWidth)
  .map(each => each.textContent.trim())"""


# The first role waits for the network and the story too; a busy machine takes five minutes for them and its pages.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_open_to_everybody_who_may_see_it(visitor: Visitor, played, cast, role):
    """
    Axe finds nothing, no page scrolls sideways in any look and no value stands letter below letter; nothing is asked of
    another site, no page is large.
    Nor does a page scroll sideways on a phone when a word of 80 letters is added to every text.

    A page is loaded once and then shown in each size and theme.
    """
    if role:
        visitor.log_in(role)
    for path in addresses(role, played, cast.platform):
        visitor.go(path)
        visitor.page.evaluate(Axe().axe_script)
        rules = None
        for look, size, scheme in LOOKS:
            visitor.page.set_viewport_size(size)
            visitor.page.emulate_media(color_scheme=scheme)
            wide = visitor.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], (path, look, wide)
            assert visitor.page.evaluate(_SQUEEZED) == [], (path, look)
            found = visitor.page.evaluate(_VIOLATIONS, rules)
            seen = [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found]
            assert seen == [], (path, look)
            rules = _OF_LOOKS
        weight = visitor.page.evaluate(
            "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
            ".reduce((sum, entry) => sum + entry.decodedBodySize, 0)"
        )
        assert 0 < weight <= 100 * _KILOBYTE, (path, weight)
        visitor.page.set_viewport_size(PHONE)
        assert visitor.page.evaluate(_LENGTHEN) <= PHONE["width"], path
    assert [url for url in visitor.requests if not url.startswith(visitor.base + "/")] == []
    assert visitor.errors == []


@pytest.mark.seen(java_script_enabled=False)
def test_reading_needs_no_script(visitor: Visitor, played):
    """Log in, follow a link, choose a language: all are links and forms."""
    visitor.log_in("platform")
    visitor.page.get_by_role("link", name="Orders", exact=True).click()
    visitor.page.get_by_role("link", name="Follow it").first.click()
    assert visitor.page.get_by_role("heading", name="From Shenzhen to Hanoi").is_visible()
    visitor.page.locator("details.languages summary").click()
    visitor.page.get_by_role("button", name="Tiếng Việt").click()
    assert visitor.page.locator("html").get_attribute("lang") == "vi"
    assert visitor.page.get_by_role("heading", name="Từ Thâm Quyến đến Hà Nội").is_visible()


def test_a_keyboard_is_enough(visitor: Visitor):
    """The first key leads past the menu, the field has a ring, and the form is sent with Enter."""
    visitor.go("/console/login")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.className") == "skip"
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.name") == "token"
    assert visitor.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    visitor.page.keyboard.type(visitor.tokens["platform"])
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**/console/")


@pytest.mark.seen(viewport=PHONE)
def test_a_phone_has_the_whole_menu(visitor: Visitor):
    """It opens over the page and leads to every entry."""
    visitor.log_in("platform")
    visitor.page.get_by_role("link", name="Menu", exact=True).click()
    visitor.page.get_by_role("link", name="Companies").click()
    assert visitor.page.get_by_role("heading", name="Companies").is_visible()


@pytest.mark.seen(viewport=PHONE)
def test_an_auditor_clicks_from_the_ledger_to_what_changed(visitor: Visitor):
    """From the newest blocks to one, and from its transaction to each value that it wrote."""
    visitor.log_in("auditor")
    visitor.go("/console/audit/trade/blocks/5")
    visitor.page.get_by_role("table").get_by_role("link").first.click()
    assert visitor.page.get_by_role("heading", name="Everything recomputed holds").is_visible()
    assert visitor.page.get_by_role("table", name="What changed").first.is_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert Axe().run(visitor.page).response["violations"] == []


@pytest.mark.seen(viewport=PHONE, locale="vi-VN", timezone_id="America/New_York")
def test_a_shopper_reads_their_own_language(visitor: Visitor, played):
    """The browser asks for it; and times are those of the places, wherever the reader is."""
    visitor.go(f"/track/{played.order['tracking_token']}")
    assert visitor.page.locator("html").get_attribute("lang") == "vi"
    assert visitor.page.get_by_text("Đơn hàng của bạn từ Thâm Quyến").is_visible()


def test_a_wrong_link_tells_nothing(visitor: Visitor):
    """It is a friendly page without a word about any parcel."""
    answer = visitor.page.goto(f"{visitor.base}/track/{'x' * 43}")
    assert answer is not None
    assert answer.status == 404
    assert visitor.page.get_by_role("heading", name="This link leads nowhere").is_visible()


def test_a_company_is_shown_one_figure_by_keyboard_alone(visitor: Visitor, played):
    """The owner ticks it, previews and sends it, sees it in the matrix, and takes it back."""
    keys = visitor.page.keyboard
    visitor.log_in("platform")
    visitor.go(f"/console/figures/{played.claim_id}/1")
    reach(visitor, "[name=figure]")
    keys.press("Space")
    reach(visitor, "[name=recipient]")
    keys.type("Red River")
    keys.press("Tab")
    keys.type("plan the last mile")
    keys.press("Enter")
    visitor.page.get_by_role("region", name="What Red River Parcels will see").wait_for()
    reach(visitor, "[value=send]")
    keys.press("Enter")
    matrix = visitor.page.get_by_role("region", name=re.compile("Who sees what"))
    matrix.get_by_role("columnheader", name="Red River Parcels").wait_for()
    reach(visitor, "tr:has-text('Red River Parcels') a")
    keys.press("Enter")
    for step in ("See what will happen", "Let them look no longer"):
        visitor.page.get_by_role("button", name=step).wait_for()
        reach(visitor, f"button:has-text('{step}')")
        keys.press("Enter")
    row = visitor.page.get_by_role("row").filter(has_text="plan the last mile")
    row.get_by_text("Withdrawn").wait_for()


def reach(visitor: Visitor, selector: str) -> None:
    """Press Tab until what the selector finds has the focus, as who has no mouse does."""
    wanted = visitor.page.locator(selector).first
    for _ in range(80):
        visitor.page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            return
    pytest.fail(f"no key leads to {selector}")


@pytest.mark.seen(viewport=PHONE, java_script_enabled=False)
def test_a_shopper_without_scripts_gets_an_answer_too(visitor: Visitor, played):
    """A photo is taken as it is; of a file that is none the form says so, and keeps what was chosen."""
    made = io.BytesIO()
    Image.effect_noise((600, 400), 60).save(made, "PNG")
    page = visitor.page
    visitor.go(f"/track/{played.order['tracking_token']}/return?line=1")
    for kind, content in (("application/pdf", b"%PDF-1.7"), ("image/png", made.getvalue())):
        page.get_by_label("Why").select_option("DEFECTIVE")
        page.get_by_label("Photos").set_input_files({"name": "me", "mimeType": kind, "buffer": content})
        page.get_by_role("button", name="Ask to send it back").click()
        if kind == "application/pdf":
            assert page.get_by_role("alert").get_by_text("JPEG, PNG or WebP").is_visible()
            assert page.get_by_label("Why").input_value() == "DEFECTIVE"
    page.wait_for_url("**/track/*#returns")


@pytest.mark.seen(viewport=PHONE, java_script_enabled=False)
def test_a_shopper_of_several_shops_sends_back_what_has_come(visitor: Visitor, played):
    """
    From the one link of the basket, by clicks and without a script: one card for each order, and from what has come the
    way to send it back; what is not sent yet says so, and what is on its way cannot go back.
    """
    page = visitor.page
    visitor.go(f"/track/{played.basket}/orders")
    assert page.get_by_text("Nothing has happened yet").count() == 1
    parcels = page.get_by_role("link", name="Your parcel")
    assert parcels.count() == 2
    parcels.last.click()
    assert page.get_by_role("link", name="Send it back").count() == 0
    visitor.go(f"/track/{played.basket}/orders")
    parcels.first.click()
    assert page.get_by_role("link", name="Send it back").count() == 1, "of two journeys of this order one has arrived"
    page.get_by_role("link", name="Send it back").click()
    page.get_by_label("Why").select_option("SIZE")
    page.get_by_role("button", name="Ask to send it back").click()
    page.wait_for_url("**/track/*#returns")
    assert played.basket not in page.content(), "the link of one order does not lead to the others"


def test_an_auditor_has_a_channel_verified(visitor: Visitor):
    """From the first page of the ledger to the verdict, which comes by itself."""
    visitor.log_in("auditor")
    visitor.go("/console/audit")
    page = visitor.page
    page.get_by_role("combobox", name="Channel").select_option("trade")
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("Everything holds").wait_for()
    assert Axe().run(page).response["violations"] == []
    with page.expect_download() as kept:
        page.get_by_role("link", name="Keep the report").click()
    report = kept.value.path().read_bytes()
    assert json.loads(report)["verdict"] == "holds"
    page.set_viewport_size(PHONE)
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate(_LENGTHEN) <= PHONE["width"]
    page.goto(f"{visitor.base}/console/audit")
    page.get_by_role("link", name="Read a report that was kept").click()
    page.get_by_label("File").set_input_files({"name": "r.json", "mimeType": "application/json", "buffer": report})
    page.get_by_role("button", name="Show what it says").click()
    page.get_by_text("Your own peer has the last block of the report").wait_for()
    assert page.get_by_text("Everything holds").is_visible()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate(_SQUEEZED) == []
    assert page.evaluate(_LENGTHEN) <= PHONE["width"]
    assert visitor.errors == []


@pytest.mark.seen(viewport=PHONE)
def test_an_administrator_reads_what_files_change(visitor: Visitor):
    """From the page of the network, by clicks: a plan that takes a member out, and an update that was signed."""
    removal = steps.Configure("trade", removed=("LastMileMSP",), changes=(steps.SettingChange(*CHANGED),))
    plan = ChangePlan((PlannedStep(removal, ("PlatformMSP", "AuditorMSP"), "transactions of who leaves"),))
    files = {"Step 1": json.dumps(plan.values()).encode(), "Enough organisations have signed": PROPOSAL.read_bytes()}
    page = visitor.page
    visitor.log_in("auditor")
    visitor.go("/console/network")
    page.get_by_role("link", name="Read what a file changes").click()
    for heading, content in files.items():
        page.get_by_label("File").set_input_files(
            {"name": "sent.json", "mimeType": "application/json", "buffer": content}
        )
        page.get_by_role("button", name="Show what it changes").click()
        expect(page.get_by_text(heading).first).to_be_visible()
        expect(page.get_by_role("region", name="What to type next")).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate(_SQUEEZED) == []
        assert page.evaluate(_LENGTHEN) <= PHONE["width"]
    assert visitor.errors == []


def test_a_page_is_taken_in_each_look(chromium, stage, tmp_path):
    """The sheet shows exactly the pictures that were written, of a page behind the log-in in another language too."""
    pages = {"": [("/console/login", "/console/login")], "auditor": [("/console/", "/console/")]}
    screenshots.take(chromium, stage, pages, tmp_path, "zh-CN")
    shown = re.findall(r'<img src="([^"]+)"', (tmp_path / "index.html").read_text())
    assert sorted(path.name for path in tmp_path.glob("*.png")) == sorted(shown)
    assert len(shown) == 2 * len(LOOKS)
    assert all((tmp_path / each).read_bytes().startswith(b"\x89PNG") for each in shown)


def test_a_picture_is_kept_of_a_page_on_which_a_test_failed(visitor: Visitor, tmp_path, monkeypatch):
    """Its path and the page's address stand in the report; a test that passed leaves none."""
    monkeypatch.chdir(tmp_path)
    visitor.go("/console/login")
    item = SimpleNamespace(name="test_that[role]", funcargs={"visitor": visitor})
    for failed, kept in ((False, []), (True, ["test-that-role.png"])):
        report = SimpleNamespace(when="call", failed=failed, sections=[])
        making = conftest.pytest_runtest_makereport(item)
        next(making)
        with pytest.raises(StopIteration):
            making.send(report)
        assert [each.name for each in tmp_path.glob("build/browser/*")] == kept
    assert report.sections == [("the page", f"{visitor.base}/console/login\nbuild/browser/test-that-role.png")]


def test_every_picture_has_a_file_of_its_own():
    names = [screenshots.name(role, path, look) for role in ROLES for path in ROLES[role] for look, *_ in LOOKS]
    assert len(set(names)) == len(names)
