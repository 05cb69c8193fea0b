"""
What a new user wants first, each tried without documentation: the six trials of the console.

Each begins at the first page after the log-in, or at the link that a shopper got, and is done by what can be seen
there, in a few steps; a step is a click, a choice from a list, a text typed, or Enter.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from selat.demo import goods
from tests.browser.conftest import PHONE, Visitor


@pytest.mark.parametrize("number", ["label", "order"])
def test_a_clerk_finds_a_parcel(visitor: Visitor, played, number):
    """Type what the label says, or the id of the order, press Enter, click what was found."""
    visitor.log_in("platform")
    wanted = goods.CONSIGNMENT if number == "label" else played.order["order_id"]
    visitor.type(visitor.page.get_by_role("searchbox"), wanted, enter=True)
    visitor.click(visitor.page.get_by_role("main").get_by_role("link", name="Shenzhen to Hanoi").first)
    assert visitor.page.get_by_role("heading", name="From Shenzhen to Hanoi").is_visible()
    assert visitor.steps <= 3


@pytest.mark.parametrize("way", ["menu", "claim"])
def test_an_owner_sees_who_saw_the_forecast(visitor: Visitor, way):
    """One click from the first page; or from the forecast itself."""
    visitor.log_in("platform")
    if way == "menu":
        visitor.click(visitor.page.get_by_role("link", name="Who sees what"))
    else:
        visitor.click(visitor.page.get_by_role("link", name="Your figures", exact=True))
        visitor.click(visitor.page.get_by_role("link", name="Forecast: wireless headphones"))
        visitor.click(visitor.page.get_by_role("link", name="Who sees it now"))
    matrix = visitor.page.get_by_role("region", name="Who sees what: Forecast: wireless headphones")
    assert matrix.get_by_role("columnheader", name="South Sea Forwarding").is_visible()
    row = matrix.get_by_role("row").filter(has_text="Pieces, expected")
    assert row.get_by_label("sees it", exact=True).first.is_visible()
    assert visitor.steps <= 3


def test_an_owner_lets_one_carrier_see_one_figure(visitor: Visitor):
    """Tick it, say who and what for, look at what that company will see, and send; the matrix has it then."""
    page = visitor.page
    visitor.log_in("platform")
    visitor.click(page.get_by_role("link", name="Your figures", exact=True))
    visitor.click(page.get_by_role("link", name="Forecast: wireless headphones"))
    visitor.click(page.get_by_role("checkbox", name=re.compile("^Busiest day")))
    visitor.choose(page.get_by_label("Company"), "Pearl River Express")
    visitor.type(page.get_by_label("What for"), "plan the night shifts")
    visitor.click(page.get_by_role("button", name="See what they will see"))
    shown = page.get_by_role("region", name="What Pearl River Express will see")
    assert "28 January 2027" in shown.inner_text()
    assert f"{len(goods.FORECAST) - 1} other figures stay hidden." in shown.inner_text()
    visitor.click(page.get_by_role("button", name="Show it to them"))
    matrix = page.get_by_role("region", name="Who sees what: Forecast: wireless headphones")
    place = matrix.get_by_role("columnheader").all_inner_texts().index("Pearl River Express")
    row = matrix.get_by_role("row").filter(has_text="Busiest day")
    assert row.get_by_role("cell").nth(place).get_by_label("sees it", exact=True).is_visible()
    assert visitor.steps <= 7


@pytest.mark.seen(viewport=PHONE)
def test_a_carrier_finds_why_it_was_not_chosen(visitor: Visitor):
    """Three touches from the first page, on a phone: the menu, the plans, the newest one; the answer has an amount."""
    visitor.log_in("origin")
    visitor.click(visitor.page.get_by_role("link", name="Menu", exact=True))
    visitor.click(visitor.page.get_by_role("link", name="Plans"))
    visitor.click(visitor.page.get_by_role("table").get_by_role("link", name="Shenzhen to Hanoi"))
    why = visitor.page.get_by_role("region", name="Why not you")
    assert re.search(r"The best way with you costs US\$\d+\.\d\d more\.", why.inner_text())
    assert visitor.steps <= 3


def test_an_auditor_verifies_a_transaction(visitor: Visitor, played):
    """The box on the first page takes its id and leads to the page that recomputes every check."""
    visitor.log_in("auditor")
    visitor.type(visitor.page.get_by_role("searchbox"), played.order["placing"]["transaction_id"], enter=True)
    visitor.click(visitor.page.get_by_role("link", name="ecommerce"))
    assert visitor.page.get_by_role("heading", name="Everything recomputed holds").is_visible()
    assert visitor.steps <= 3


@pytest.mark.seen(viewport=PHONE)
def test_a_shopper_sends_one_of_three_articles_back(visitor: Visitor, played, cast):
    """
    From the parcel to the answer by clicks alone; what comes back is told before it is asked for.

    Each article says by its name whether it may go back. The browser makes the photo smaller, and it is shown beside
    the answer. Then the carrier offers times, and the shopper chooses one of them.
    """
    made = io.BytesIO()
    Image.effect_noise((2400, 1800), 60).save(made, "PNG")
    page = visitor.page
    visitor.go(f"/track/{played.order['tracking_token']}")
    articles = page.get_by_role("region", name="Sending something back")
    for article in goods.ARTICLES:
        assert articles.get_by_text(article.name).first.is_visible()
    offered = articles.get_by_role("listitem").filter(has_text="Travel case")
    visitor.click(offered.get_by_role("link", name="Send it back"))
    assert page.get_by_text("Travel case").is_visible()
    assert "For each piece US$" in page.get_by_role("main").inner_text()
    visitor.choose(page.get_by_label("Why"), "It does not work")
    page.get_by_label("Photos").set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": made.getvalue()})
    expect(page.locator("[name=photo][aria-busy=false]")).to_be_visible()
    assert page.evaluate("document.querySelector('[name=photo]').files[0].type") == "image/jpeg"
    visitor.click(page.get_by_role("button", name="Ask to send it back"))
    page.wait_for_url("**/track/*#returns")
    assert visitor.steps <= 3
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
