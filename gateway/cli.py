"""
``selat gateway``: serve the gateway, and make its access tokens.

Imports that only one command needs stand in that command: making a token needs neither web framework nor Fabric client.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.fabric.wallet import Wallet, WalletError
from gateway.http.settings import PREFIX, Settings, SettingsError
from gateway.store.backends import MissingDriverError
from gateway.store.database import SecretError, Store, StoreError
from gateway.store.scopes import resource
from gateway.store.tokens import Tokens
from hlf import errors as errors_of_fabric

_FOLDER = click.Path(file_okay=False, path_type=Path)
_DAY = 24 * 3600
# Stands in docs/api.md before the list of addresses.
_MARK = "<!-- every address -->\n"


@click.group()
def gateway() -> None:
    """Serve the network over HTTP."""


@gateway.command()
@click.option("--wallet", type=_FOLDER, help="A network's state folder: identities and connection profiles.")
@click.option("--data", type=_FOLDER, help="Folder where the gateway keeps tokens and cursors.")
@click.option("--listen", help="<address>:<port>; port 0 lets the system choose.")
@click.option("--tracking", help="<MSP>/<user> that answers shoppers' links.")
def serve(wallet: Path | None, data: Path | None, listen: str | None, tracking: str | None) -> None:
    """Serve until stopped. Settings come from SELAT_<NAME>; options override them."""
    settings = _settings(WALLET=wallet, DATA=data, LISTEN=listen, TRACKING=tracking)
    if not Wallet(settings.wallet, settings.passphrase_file).organisations():
        raise click.ClickException(
            f"{settings.wallet} has no profiles/<MSP>.json. Start a network first (selat network up), "
            "or name its state folder with --wallet."
        )
    _must_be_free(settings.listen)
    # Each process opens it again. Opened here, a wrong one gives one error with its cure, not a worker
    # that restarts forever.
    _store(settings.data, settings.database)
    _check_readable(settings)
    from gateway.front.server import FrontServer

    scheme = "https" if settings.tls_certificate else "http"
    click.echo(f"gateway on {scheme}://{settings.listen}, documentation at /docs; stop it with Ctrl-C", err=True)
    FrontServer(dataclasses.replace(settings, wallet=settings.wallet.resolve(), data=settings.data.resolve())).run()


@gateway.command()
@click.option("--wallet", type=_FOLDER, help="A network's state folder: identities and connection profiles.")
@click.option("--data", type=_FOLDER, help="Folder where the gateway keeps tokens and cursors.")
def check(wallet: Path | None, data: Path | None) -> None:
    """
    Check whether a gateway with these settings can work: store, wallet, certificates, peers and channels.

    Exits with 1 if something is missing, or a certificate expires within 30 days.
    """
    from gateway import checks

    good = True
    for finding in checks.findings(_settings(WALLET=wallet, DATA=data)):
        click.echo(f"{'good' if finding.good else 'BAD '}  {finding.what}: {finding.words}")
        good &= finding.good
    if not good:
        raise click.exceptions.Exit(1)


@gateway.command()
@click.option("--as", "identity", required=True, help="<MSP>/<user> that counts; every participant may.")
@click.option("--wallet", type=_FOLDER, help="A network's state folder: identities and connection profiles.")
def count(identity: str, wallet: Path | None) -> None:
    """
    Count what was observed of the open journeys; let a timer run it, for example every hour.

    Figures of carriers, estimates and matching use what is counted. Several commands may run at once.
    """
    from gateway.fabric.ledger import Ledgers
    from gateway.trade.journeys import counting

    settings = _settings(WALLET=wallet)
    msp_id, _, user = identity.partition("/")
    ledgers = Ledgers(Wallet(settings.wallet, settings.passphrase_file), settings.submit_seconds)
    try:
        counted = sum(len(each) for each in counting.count(ledgers, msp_id, user))
    except (errors_of_fabric.HlfError, WalletError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        ledgers.close()
    click.echo(f"{counted} journeys counted")


def _settings(**options: object) -> Settings:
    """Return the settings of the environment, overridden by options that are given."""
    environ = {PREFIX + "WALLET": "build/network", PREFIX + "DATA": "build/gateway", **os.environ}
    environ |= {PREFIX + name: str(value) for name, value in options.items() if value is not None}
    try:
        return Settings.from_environment(environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _store(data: Path, url: str | None = None) -> Store:
    """Return the store; its URL is no option, because others can read a command line."""
    try:
        store = Store(data, os.environ.get(PREFIX + "DATABASE", "") if url is None else url)
        store.secret()
        return store
    except (StoreError, SecretError, ValueError, MissingDriverError) as error:
        raise click.ClickException(f"the gateway's database cannot be used: {error}") from error


def _check_readable(settings: Settings) -> None:
    """Raise an error with a cure if the files that each process reads again cannot be used: issuers, TLS, traces."""
    from gateway.front import tls
    from gateway.oidc import trust
    from gateway.oidc.bearers import Issuers, MissingLibraryError
    from gateway.telemetry import traces

    try:
        Issuers(trust.read(settings.oidc))
        traces.wanted(os.environ)
        tls.of(settings)
    except (trust.TrustError, MissingLibraryError, traces.TracesError, tls.TlsError) as error:
        raise click.ClickException(str(error)) from error


def _must_be_free(listen: str) -> None:
    """Raise an error with a cure if the port is taken; gunicorn would try for five seconds and exit without a cure."""
    host, _, port = listen.rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {listen}: {error.strerror}. Choose another with --listen 127.0.0.1:<port>; "
                "port 0 lets the system choose."
            ) from error


@gateway.command()
@click.option("--listen", default="127.0.0.1:9400", show_default=True, help="Address of this machine, and port.")
@click.option("--audience", default="selat", show_default=True, help="Whom its tokens are for.")
@click.option("--claim", "claims", multiple=True, help="<name>=<value> in the tokens of those who sign in.")
def issuer(listen: str, audience: str, claims: tuple[str, ...]) -> None:
    """
    Serve a small OpenID Connect issuer for development: it gives a token with any claims to everybody.

    POST /token with grant_type=client_credentials, client_id=<who> and the claims answers one.
    """
    from gateway.oidc.bearers import MissingLibraryError
    from gateway.oidc.issuer import DevelopmentIssuer, server

    told = {name: value for name, _, value in (each.partition("=") for each in claims)}
    try:
        made = DevelopmentIssuer(audience, claims=told)
    except MissingLibraryError as error:
        raise click.ClickException(str(error)) from error
    try:
        serving = server(made, listen)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"cannot listen on {listen}: {error}") from error
    click.echo(f"issuer {made.url}, for development only; stop it with Ctrl-C", err=True)
    with serving, contextlib.suppress(KeyboardInterrupt):
        serving.serve_forever()


@gateway.command()
def errors() -> None:
    """Print all errors, with their meaning and cure, as Markdown."""
    from gateway.http import problemtypes

    click.echo(problemtypes.markdown(), nl=False)


@gateway.command()
def codes() -> None:
    """Print what each code of UPU EMSEVT, DCSA and karrio becomes in a journey, as Markdown."""
    from gateway.trade.adapters import formats

    click.echo(formats.markdown(), nl=False)


@gateway.command()
@click.argument("page", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def addresses(page: Path | None) -> None:
    """Print every address of the API as Markdown, or write the list into PAGE, after the mark at its end."""
    from gateway.http import openapi

    with _described():
        listed = openapi.addresses()
    if page is None:
        click.echo(listed, nl=False)
        return
    above, mark, _ = page.read_text().partition(_MARK)
    if not mark:
        raise click.ClickException(f"{page} has no line {_MARK.strip()}; put it where the list begins")
    page.write_text(above + mark + listed)


@contextlib.contextmanager
def _described() -> Iterator[None]:
    """Yield in the context of an application that is not served, to read its addresses."""
    from gateway.app import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(wallet=Path(folder), data=Path(folder)))
        with app.app_context():
            yield


@gateway.command()
@click.option("--organisation", help="MSP id of one organisation; without it, all in the wallet.")
@click.option("--wallet", type=_FOLDER, help="A network's state folder: identities and connection profiles.")
@click.option("--data", type=_FOLDER, help="Folder of the gateway's own data.")
def rebuild(organisation: str | None, wallet: Path | None, data: Path | None) -> None:
    """
    Make the read model again from block 0 of each channel, from the organisations' own peers.

    A gateway may serve meanwhile: its lists name the block that they include.
    """
    from gateway.fabric.ledger import Ledgers
    from gateway.readmodel.feeding import Feeder
    from gateway.readmodel.model import Model

    settings = _settings(WALLET=wallet, DATA=data)
    known = Wallet(settings.wallet, settings.passphrase_file)
    ledgers, model = Ledgers(known, settings.submit_seconds), Model(_store(settings.data, settings.database))
    try:
        for msp_id in [organisation] if organisation else known.organisations():
            for channel in known.channels():
                model.forget(msp_id, channel)
                try:
                    blocks = Feeder(model, ledgers).catch_up(msp_id, known.users(msp_id)[0], channel)
                except WalletError as error:
                    raise click.ClickException(str(error)) from error
                except errors_of_fabric.HlfError:
                    continue  # The organisation is not on this channel, or its peer is away; `check` says which.
                click.echo(f"{msp_id}  {channel}: {blocks} blocks")
    finally:
        ledgers.close()


@gateway.group()
def token() -> None:
    """Access tokens of one gateway."""


@token.command()
@click.option("--organisation", required=True, help="MSP id of the organisation that the token acts for.")
@click.option("--user", default="User1", show_default=True, help="The user of that organisation.")
@click.option("--scope", "scopes", multiple=True, help="What it may do, as read or write:orders; default: read.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How long it is valid.")
@click.option("--wallet", type=_FOLDER, default=Path("build/network"), show_default=True, envvar="SELAT_WALLET")
@click.option("--data", type=_FOLDER, default=Path("build/gateway"), show_default=True, envvar="SELAT_DATA")
def create(organisation: str, user: str, scopes: tuple[str, ...], days: int, wallet: Path, data: Path) -> None:
    """Make a token and print it. It is shown only once: the gateway keeps its hash."""
    if any(map(resource, scopes)):
        from gateway.http import auth

        with _described():
            words = auth.unknown(scopes)
        if words:
            raise click.ClickException(words)
    known = Wallet(wallet)
    try:
        users = known.users(organisation)
        if user not in users:
            raise WalletError(f"{organisation} has no user {user!r} in the wallet; it has {', '.join(users)}")
    except WalletError as error:
        raise click.ClickException(str(error)) from error
    try:
        made = Tokens(_store(data)).create(organisation, user, scopes or ("read",), days * _DAY)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(made)


@token.command("list")
@click.option("--data", type=_FOLDER, default=Path("build/gateway"), show_default=True, envvar="SELAT_DATA")
def list_tokens(data: Path) -> None:
    """List the tokens, without their secrets."""
    for entry in Tokens(_store(data)).all():
        state = "revoked" if entry.revoked else f"until {entry.expires_at:%Y-%m-%d %H:%M}"
        click.echo(f"{entry.id}  {entry.msp_id}/{entry.user}  {','.join(entry.scopes)}  {state}")


@token.command()
@click.argument("identifier")
@click.option("--data", type=_FOLDER, default=Path("build/gateway"), show_default=True, envvar="SELAT_DATA")
def revoke(identifier: str, data: Path) -> None:
    """Revoke a token."""
    if not Tokens(_store(data)).revoke(identifier):
        raise click.ClickException(f"no token has the id {identifier!r}; selat gateway token list shows all")
    click.echo(f"{identifier} is revoked")
