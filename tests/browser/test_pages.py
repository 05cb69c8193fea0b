"""The pages as people meet them: on a phone and a desk, light and dark, by keyboard, and without scripts."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESKTOP, PHONE, Visitor

_KILOBYTE = 1024
SIZES = [(PHONE, "light"), (DESKTOP, "dark"), (PHONE, "dark"), (DESKTOP, "light")]
OPEN = ("/console/login", "/console/design", "/docs/errors")
TRADER = (
    "/console/",
    "/console/search?q={journey}",
    "/console/orders",
    "/console/journeys",
    "/console/journeys/{journey}",
    "/console/returns",
    "/console/returns/{return_id}",
    "/console/plans",
    "/console/plans/{plan}",
    "/console/terms",
    "/console/acts/publish-terms",
    "/console/lanes?origin=CNSZX&destination=CNYTN",
    "/console/gaps",
    "/console/figures/{claim}/1",
    "/console/acts/hand-over?journey_id={journey}&place=VNHAN",
    "/console/disclosures",
    "/console/companies",
)
AUDITOR = (
    "/console/audit",
    "/console/audit/search?q=5",
    "/console/network",
    "/console/audit/trade/blocks/5",
    "/console/audit/trade/history/Journeys/{journey}",
    "/console/audit/ecommerce/transactions/{transaction}",
    "/console/disclosures",
)
SHOPPER = ("/track/{token}", "/track/{token}/return?line=1")
ROLES = {
    "": (*OPEN, *SHOPPER),
    "platform": TRADER,
    "last_mile": ("/console/", "/console/journeys/{journey}", "/console/plans/{plan}", "/console/disclosures"),
    "auditor": AUDITOR,
}


def addresses(role: str, played, platform) -> list[str]:
    """Return the pages of a role, with the ids of the story; *platform* is asked for those that nobody noted."""
    (plan,) = platform.get("/v1/model/events", name="PlanPublished")["events"]
    known = {
        "journey": played.journey_id,
        "claim": played.claim_id,
        "plan": plan["payload"]["plan_id"],
        "return_id": platform.get("/v1/model/returns")["records"][0]["id"],
        "transaction": played.order["placing"]["transaction_id"],
        "token": played.order["tracking_token"],
    }
    return [path.format(**known) for path in ROLES[role]]


@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_open_to_everybody_who_may_see_it(visitor: Visitor, played, cast, role):
    """
    Axe finds nothing, no page scrolls sideways, nothing is asked of another site, and no page is large.

    The colours of each theme are looked at on one of the two sizes.
    """
    if role:
        visitor.log_in(role)
    for path in addresses(role, played, cast.platform):
        for size, scheme in SIZES[:2]:
            visitor.page.set_viewport_size(size)
            visitor.page.emulate_media(color_scheme=scheme)
            visitor.go(path)
            wide = visitor.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], (path, size, wide)
            found = Axe().run(visitor.page).response["violations"]
            assert [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found] == [], path
        weight = visitor.page.evaluate(
            "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
            ".reduce((sum, entry) => sum + entry.decodedBodySize, 0)"
        )
        assert 0 < weight <= 100 * _KILOBYTE, (path, weight)
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
