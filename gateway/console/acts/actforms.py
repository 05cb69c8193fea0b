"""What a person may do in the console, by name; ``acting`` shows, previews and sends it."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.console.acts.actfields import PersonAct
from gateway.console.acts.claimacts import CLAIM_ACTS
from gateway.console.acts.drawbackacts import DRAWBACK_ACTS
from gateway.console.acts.goodsacts import GOODS_ACTS
from gateway.console.acts.handoveracts import HANDOVER_ACTS
from gateway.console.acts.marketacts import MARKET_ACTS
from gateway.console.acts.returnacts import RETURN_ACTS
from gateway.console.acts.selleracts import SELLER_ACTS
from gateway.console.acts.termacts import TERM_ACTS

ACTS: Mapping[str, PersonAct] = {
    **GOODS_ACTS,
    **RETURN_ACTS,
    **MARKET_ACTS,
    **TERM_ACTS,
    **HANDOVER_ACTS,
    **CLAIM_ACTS,
    **DRAWBACK_ACTS,
    **SELLER_ACTS,
}
