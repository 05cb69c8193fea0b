"""What a new user wants first, each tried without documentation: the six trials of the console."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visitor


def test_a_clerk_finds_a_parcel_from_the_first_page(visitor: Visitor, played):
    """Type a number, press Enter, click what was found."""
    visitor.log_in("platform")
    box = visitor.page.get_by_role("searchbox")
    box.fill(played.journey_id)
    box.press("Enter")
    visitor.page.get_by_role("link", name="Shenzhen to Hanoi").first.click()
    assert visitor.page.get_by_role("heading", name="From Shenzhen to Hanoi").is_visible()


def test_an_owner_sees_who_saw_the_forecast(visitor: Visitor):
    """One click from the first page; figure by figure."""
    visitor.log_in("platform")
    visitor.page.get_by_role("link", name="Who sees what").click()
    row = visitor.page.get_by_role("row").filter(has_text="Pieces, expected").first
    assert row.get_by_label("sees it", exact=True).is_visible()


@pytest.mark.seen(viewport=PHONE)
def test_a_carrier_finds_why_it_was_not_chosen(visitor: Visitor):
    """Three touches from the first page, on a phone: the menu, the plans, the newest one; the answer has an amount."""
    visitor.log_in("origin")
    visitor.page.get_by_role("link", name="Menu", exact=True).click()
    visitor.page.get_by_role("link", name="Plans").click()
    visitor.page.get_by_role("table").get_by_role("link").first.click()
    why = visitor.page.get_by_role("region", name="Why not you")
    assert re.search(r"The best way with you costs US\$\d+\.\d\d more\.", why.inner_text())


def test_an_auditor_verifies_a_transaction_from_the_first_page(visitor: Visitor, played):
    """The box takes its id and leads to the page that recomputes every check."""
    visitor.log_in("auditor")
    box = visitor.page.get_by_role("searchbox")
    box.fill(played.order["placing"]["transaction_id"])
    box.press("Enter")
    visitor.page.get_by_role("link", name="ecommerce").click()
    assert visitor.page.get_by_role("heading", name="Everything recomputed holds").is_visible()


@pytest.mark.seen(viewport=PHONE)
def test_a_shopper_sends_one_of_the_articles_back_with_a_photo(visitor: Visitor, played, cast):
    """
    From the parcel to the answer by clicks alone; what comes back is told before it is asked for.

    The browser makes the photo smaller, and it is shown beside the answer. Then the carrier offers times, and the
    shopper chooses one of them.
    """
    made = io.BytesIO()
    Image.effect_noise((2400, 1800), 60).save(made, "PNG")
    page = visitor.page
    visitor.go(f"/track/{played.order['tracking_token']}")
    page.get_by_role("link", name="Send it back").first.click()
    assert re.search(r"For each piece US\$\d+\.\d\d comes back\.", page.get_by_role("main").inner_text())
    page.get_by_label("Why").select_option("DEFECTIVE")
    page.get_by_label("Photos").set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": made.getvalue()})
    expect(page.locator("[name=photo][aria-busy=false]")).to_be_visible()
    assert page.evaluate("document.querySelector('[name=photo]').files[0].type") == "image/jpeg"
    page.get_by_role("button", name="Ask to send it back").click()
    page.wait_for_url("**/track/*#returns")
    photo = page.get_by_role("img", name="Photo 1").first
    photo.scroll_into_view_if_needed()
    expect(photo).to_have_js_property("complete", value=True)
    assert photo.evaluate("each => each.naturalWidth") == 240
    asked = cast.last_mile.get("/v1/model/returns", state="PICKUP_ASSIGNED")["records"][0]["id"]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    times = [(tomorrow + timedelta(hours=hours)).isoformat() for hours in (0, 4)]
    cast.last_mile.post(f"/v1/returns/{asked}/pickup-offer", {"pickups": times})
    page.reload()
    page.get_by_role("group", name="When shall the carrier come?").get_by_role("radio").last.check()
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Choose this time").click()
    expect(page.get_by_text("A carrier fetches it on")).to_be_visible()
    expect(page.get_by_role("radio").last).to_be_checked()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert visitor.errors == []
