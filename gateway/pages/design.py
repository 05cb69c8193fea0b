"""Installs the design in an application, and the switch of the language."""

from __future__ import annotations

import functools
import re

from flask import Blueprint, Flask, redirect, request
from werkzeug.wrappers import Response as Redirect

from gateway.http import auth, inputs
from gateway.pages import (
    assets,
    brandcolours,
    checkwords,
    cures,
    figurewords,
    forms,
    languages,
    localformats,
    places,
    rulefacts,
    states,
)

blueprint = Blueprint("language", __name__)
# An address of this gateway: browsers take an address that begins with // or /\ for another site's.
_HERE = re.compile(r"/(?![/\\])[\x21-\x7e]*")


@blueprint.route("/language", methods=["POST"])
@auth.needs(auth.PUBLIC)
@inputs.takes(body=inputs.FORM)
def choose() -> Redirect:
    """Keep the language that the reader chose, and go back to the page."""
    chosen, back = request.form.get("language", ""), request.form.get("back", "")
    answer = redirect(back if _HERE.fullmatch(back) else "/console/", 303)
    if chosen in languages.LANGUAGES:
        answer.set_cookie(
            languages.COOKIE, chosen, max_age=assets.YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return answer


def install(app: Flask) -> None:
    """Give the templates of *app* the words and forms of the reader's language."""
    app.register_blueprint(assets.blueprint)
    app.register_blueprint(blueprint)
    forms.install(app)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # The extension adds it.
        languages.gettext, languages.ngettext, newstyle=True
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=assets.address,
        brand_sheet=brandcolours.address,
        language=languages.current,
        languages=languages.LANGUAGES,
        state_of=states.of,
        code_of=states.code,
        place=places.name,
    )
    app.jinja_env.filters.update(
        # For words in tables; the function of Jinja's extension would return them as markup.
        translated=languages.gettext,
        day=localformats.day,
        weekday=localformats.weekday,
        moment=localformats.moment,
        ago=localformats.ago,
        number=localformats.number,
        share=localformats.share,
        money=localformats.money,
        country=localformats.country,
        role=states.role,
        stage=states.stage,
        step=states.step,
        claim=figurewords.claim,
        figure=figurewords.figure,
        amount=figurewords.amount,
        reason=functools.partial(states.said, states.REASONS),
        resolution=functools.partial(states.said, states.RESOLUTIONS),
        incident=functools.partial(states.said, states.INCIDENTS),
        condition=functools.partial(states.said, states.CONDITIONS),
        rule=functools.partial(states.said, states.RULES),
        rule_facts=rulefacts.told,
        check=checkwords.told,
        cure=cures.told,
        happened=cures.happened,
        rejection=functools.partial(states.said, states.REJECTIONS),
    )
