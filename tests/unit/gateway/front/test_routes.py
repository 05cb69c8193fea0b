"""The front finds a request's address for its lane, and the application takes it from there."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from gateway.application import ROUTE
from tests.unit.gateway.front.conftest import EVALUATE, everything, head


@pytest.mark.parametrize(
    ("path", "known", "status"),
    [
        ("/v1/participants/A%2EMSP", True, 200),
        ("/v1/participants/A%20B", True, 200),
        ("/v1/participants/%C3%84MSP", False, 200),
        ("/v1/participants/%FF", False, 404),
    ],
)
def test_the_application_sees_the_same_values_as_without_it(serve, ledgers, monkeypatch, path, known, status):
    """
    A path that is not ASCII has another text in WSGI than in the application, which then looks for itself; what is no
    UTF-8 is no address.
    """
    served = serve()
    ledgers.answers["Participants:read"] = b"{}"
    seen = []
    plain = served.app.wsgi_app

    def watched(environ, start_response):
        with served.app.request_context(environ) as asked:
            without = {name: value for name, value in environ.items() if name != ROUTE}
            with served.app.request_context(without) as alone:
                told = [(each.request.url_rule, each.request.view_args) for each in (asked, alone)]
        seen.append((ROUTE in environ, *told))
        return plain(environ, start_response)

    monkeypatch.setattr(served.app, "wsgi_app", watched)
    assert served.ask("GET", f"{path}?channel=trade", **served.token())[0] == status
    assert [(told, own == alone) for told, own, alone in seen] == [(known, True)]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nowhere"), ("PATCH", "/v1/stages"), ("GET", "/v1//stages")])
def test_what_leads_nowhere_is_left_to_the_application(serve, method, path):
    """It answers an unknown address or method, and a redirect, as it would alone."""
    served = serve()
    adapter = served.app.url_map.bind("localhost")
    with pytest.raises((HTTPException, RequestRedirect)) as refused:
        adapter.match(path, method=method)
    assert served.ask(method, path, **served.token())[0] == refused.value.code


def test_a_question_for_methods_gets_those_of_its_address(serve):
    served = serve()
    connection = served.connect(head("OPTIONS", EVALUATE, **served.token(), Connection="close"))
    assert b"\r\nAllow: OPTIONS, POST\r\n" in everything(connection).replace(b"POST, OPTIONS", b"OPTIONS, POST")
