"""
``hlf network batch|policy|acl|...``: one change of the consortium file, and of the network with it.

Each command edits one place of the file, shows what that changes, writes the
file and applies it. So the file stays the description of what runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from hlf.network import admin, errors, options, state, topology
from hlf.network.admin import changing
from hlf.network.commands import editing
from hlf.network.commands.editing import item
from hlf.network.state import Folder

Edit = Callable[[str], str]

_PLAN = click.option("--plan", "only_plan", is_flag=True, help="Only show what would change.")
_YES = click.option("--yes", is_flag=True, help="Also do what takes something away.")
_FILE = click.option(
    "--consortium",
    type=options.FILE,
    help="The consortium file to edit; default: the copy that the state folder keeps.",
)


def act(command: Callable[..., Edit]) -> Callable[..., None]:
    """Return a command that applies the edit which *command* returns, with the options that all of them share."""

    def run(consortium: Path | None, only_plan: bool, yes: bool, state: Path, **values: Any) -> None:  # noqa: FBT001
        change(state, consortium, command(**values), yes=yes, only_plan=only_plan)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__click_params__ = [*getattr(command, "__click_params__", ())]  # type: ignore[attr-defined]
    return options.state(_YES(_PLAN(_FILE(run))))


def show(made: admin.ChangePlan, *, for_machines: bool) -> None:
    """Write a plan, as JSON for machines."""
    click.echo(json.dumps(made.values(), indent=2) if for_machines else made)


def change(
    root: Path,
    file: Path | None,
    edit: Edit,
    *,
    yes: bool = False,
    only_plan: bool = False,
    for_machines: bool = False,
) -> None:
    """
    Edit the consortium file of a running network, show what that changes, and apply it.

    The file is written only when no other command changes the network and the plan has no problems; `apply` does the
    rest.

    Raises:
        NetworkError: the file cannot be edited so, or no step can do what it then asks for.
    """
    folder = Folder(root)
    state.started(folder)
    held = state.held(folder)
    place, base = (file, None) if file is not None else (folder.consortium_file, held.base)
    former = topology.load(place, base=base).source
    text = edit(former)

    def write() -> None:
        if topology.load(place, base=base).source != former:
            raise errors.StateError(place, "was changed by another command meanwhile", "Run this one again.")
        if file is not None:
            state.replace_file(file, text.encode())

    while True:
        wanted = topology.load(place, base=base, text=text)
        made = changing.plan(root, wanted)
        show(made, for_machines=for_machines)
        if only_plan:
            click.echo("nothing was changed", err=for_machines)
            return
        changing.agree(folder, made, None, yes=yes)
        try:
            admin.apply(root, wanted, yes=yes, agreed=write)
        except errors.ApprovalLostError as told:
            # A member that this change brings back has lost its earlier approvals.
            former = topology.load(place, base=base).source
            text = _with_new_approvals(text, told, for_machines=for_machines)
            continue
        click.echo("done", err=for_machines)
        return


def approve_again(
    root: Path,
    file: Path | None,
    told: errors.ApprovalLostError,
    *,
    yes: bool = False,
    only_plan: bool = False,
    for_machines: bool = False,
) -> None:
    """Raise the sequence of chaincodes in the file whose approvals were lost, and let all approve that; as `change`."""

    def edit(text: str) -> str:
        return _with_new_approvals(text, told, for_machines=for_machines)

    change(root, file, edit, yes=yes, only_plan=only_plan, for_machines=for_machines)


def _with_new_approvals(text: str, told: errors.ApprovalLostError, *, for_machines: bool) -> str:
    click.echo(f"note: {told.problem}; the next sequence gets new approvals", err=for_machines)
    for channel, name in told.lost:
        text = _next_sequence(text, channel, name)
    return text


@click.command()
@act
@click.argument("channel")
@click.option("--timeout", help="When a block is cut at the latest, such as 200ms.")
@click.option("--max-messages", type=click.IntRange(1))
@click.option("--preferred-max-bytes", type=click.IntRange(1024))
@click.option("--absolute-max-bytes", type=click.IntRange(1024))
def batch(channel: str, **settings: str | int | None) -> Edit:
    """Set when the orderers of a channel cut a block."""
    given = {name: value for name, value in settings.items() if value is not None}
    if not given:
        raise errors.NetworkError("no setting is given", "Name one, such as --timeout 200ms; --help lists them.")

    def edit(text: str) -> str:
        for name, value in given.items():
            text = editing.put(text, _channel(text, channel, "batch", name), value)
        return text

    return edit


@click.command()
@act
@click.argument("channel")
@click.argument("name")
@click.argument("rule", required=False)
@click.option("--remove", is_flag=True, help="Take it out of the file: the default then holds.")
def policy(channel: str, name: str, rule: str | None, remove: bool) -> Edit:  # noqa: FBT001
    """Set a policy of a channel's members: `policy mychannel Endorsement "ANY Endorsement"`."""
    return _one(channel, "policies", name, rule, remove=remove)


@click.command()
@act
@click.argument("channel")
@click.argument("resource")
@click.argument("rule", required=False)
@click.option("--remove", is_flag=True, help="Take it out of the file: Fabric's own rule then holds.")
def acl(channel: str, resource: str, rule: str | None, remove: bool) -> Edit:  # noqa: FBT001
    """Set which policy guards a resource: `acl mychannel event/Block /Channel/Application/Admins`."""
    return _one(channel, "acls", resource, rule, remove=remove)


@click.command()
@act
@click.argument("channel")
@click.argument("level", type=click.Choice(["channel", "orderer", "application"]))
@click.argument("version")
def capability(channel: str, level: str, version: str) -> Edit:
    """Raise a capability level of a channel: `capability mychannel application V2_5`."""
    return lambda text: editing.put(text, _channel(text, channel, "capabilities", level), version)


@click.command()
@act
@click.argument("msp")
@click.argument("peers", nargs=-1, required=True)
def anchor(msp: str, peers: tuple[str, ...]) -> Edit:
    """Set the anchor peers, by which other organisations find those of MSP: `anchor AlphaMSP peer0 peer1`."""
    return lambda text: editing.put(text, _organisation(text, msp, "anchors"), list(peers))


@click.command("channel-create")
@act
@click.argument("name")
@click.argument("members", nargs=-1, required=True, metavar="MSP...")
def channel_create(name: str, members: tuple[str, ...]) -> Edit:
    """Make a channel of these members, with the usual settings."""
    return lambda text: editing.add(text, ["channels"], {"name": name, "members": list(members)})


@click.command("channel-join")
@act
@click.argument("channel")
@click.argument("msp")
def channel_join(channel: str, msp: str) -> Edit:
    """Make an organisation of the file a member of a channel; its peers join and run the chaincodes."""

    def edit(text: str) -> str:
        _organisation(text, msp)
        return editing.add(text, _channel(text, channel, "members"), msp)

    return edit


@click.command("channel-leave")
@act
@click.argument("channel")
@click.argument("msp")
def channel_leave(channel: str, msp: str) -> Edit:
    """Remove a member from a channel, and the channel's ledger from that member's peers."""

    def edit(text: str) -> str:
        members = editing.read(text, _channel(text, channel, "members"))
        if msp not in members:
            raise errors.NetworkError(f"{msp} is no member of channel {channel}", f"It has {', '.join(members)}.")
        if members == [msp]:
            raise errors.NetworkError(
                f"{msp} is the last member of channel {channel}, and a channel needs one", "Add another one first."
            )
        return _left(text, channel, msp)

    return edit


@click.command("remove-organisation")
@act
@click.argument("msp")
@click.option("--channel", help="Only from this channel; by default from all, and its peers are stopped.")
def remove_organisation(msp: str, channel: str | None) -> Edit:
    """Remove a member; with --channel as channel-leave does, else its peers are stopped and keep their ledgers."""

    def edit(text: str) -> str:
        place = _organisation(text, msp)
        for each in editing.read(text, ["channels"]):
            if msp in each["members"] and channel in (None, each["name"]):
                text = _left(text, each["name"], msp)
        return editing.remove(text, place) if channel is None else text

    return edit


@click.command("chaincode-upgrade")
@act
@click.argument("channel")
@click.argument("name")
@click.option("--version", help="The new version; without one the definition alone changes.")
@click.option("--endorsement", help="The new endorsement policy.")
def chaincode_upgrade(channel: str, name: str, version: str | None, endorsement: str | None) -> Edit:
    """Put a chaincode's next definition in force; raise its sequence by one."""

    def edit(text: str) -> str:
        if version is not None:
            text = editing.put(text, _chaincode(text, channel, name, "version"), version)
        if endorsement is not None:
            text = editing.put(text, _chaincode(text, channel, name, "endorsement"), endorsement)
        return _next_sequence(text, channel, name)

    return edit


@click.command()
@act
@click.argument("channel")
@click.argument("chaincode")
@click.argument("name")
@click.argument("policy")
@click.option("--endorsement", help="Who must endorse its writes; by default as the chaincode's.")
def collection(channel: str, chaincode: str, name: str, policy: str, endorsement: str | None) -> Edit:
    """Add a private data collection, or change its members; raise the chaincode's sequence by one."""

    def edit(text: str) -> str:
        place = _chaincode(text, channel, chaincode, "collections")
        if editing.read(text, [*place, item(name=name)]) is None:
            text = editing.add(text, place, {"name": name, "policy": policy})
        else:
            text = editing.put(text, [*place, item(name=name), "policy"], policy)
        if endorsement is not None:
            text = editing.put(text, [*place, item(name=name), "endorsement"], endorsement)
        return _next_sequence(text, channel, chaincode)

    return edit


@click.command("user-enrol")
@act
@click.argument("msp")
@click.argument("name")
@click.option("--role", type=click.Choice(["client", "admin"]), default="client", show_default=True)
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="May be given several times.")
def user_enrol(msp: str, name: str, role: str, attributes: tuple[str, ...]) -> Edit:
    """Make the key and certificate of a further user."""
    pairs = dict(each.partition("=")[::2] for each in attributes)
    if "" in pairs.values():
        raise errors.NetworkError("an attribute without a value", "Write --attribute NAME=VALUE.")
    user = {"name": name, "role": role, **({"attributes": pairs} if pairs else {})}
    return lambda text: editing.add(text, _organisation(text, msp, "users"), user)


def _left(text: str, channel: str, msp: str) -> str:
    """Return the text without a member of a channel, and without it among those who run the channel's chaincodes."""
    for each in editing.read(text, ["chaincodes"]) or ():
        if each["channel"] == channel and msp in each.get("installed_by", ()):
            if each["installed_by"] == [msp]:
                raise errors.NetworkError(
                    f"{msp} alone runs chaincode {each['name']} of channel {channel}",
                    "Name another member under its `installed_by`, and apply that, first.",
                )
            text = editing.remove(text, _chaincode(text, channel, each["name"], "installed_by", msp))
    return editing.remove(text, _channel(text, channel, "members", msp))


def _one(channel: str, field: str, name: str, rule: str | None, *, remove: bool) -> Edit:
    if remove == (rule is not None):
        raise errors.NetworkError("either a rule or --remove is wanted", "Give one of the two.")
    if rule is None:
        return lambda text: editing.remove(text, _channel(text, channel, field, name))
    return lambda text: editing.put(text, _channel(text, channel, field, name), rule)


def _next_sequence(text: str, channel: str, chaincode: str) -> str:
    place = _chaincode(text, channel, chaincode, "sequence")
    return editing.put(text, place, (editing.read(text, place) or 1) + 1)


def _channel(text: str, name: str, *below: str) -> list[Any]:
    return [*_known(text, "channels", "channel", name=name), *below]


def _organisation(text: str, msp_id: str, *below: str) -> list[Any]:
    return [*_known(text, "organisations", "organisation", msp_id=msp_id), *below]


def _chaincode(text: str, channel: str, name: str, *below: str) -> list[Any]:
    return [
        *_known(text, "chaincodes", "chaincode", name=name, channel=_channel(text, channel)[1].fields[0][1]),
        *below,
    ]


def _known(text: str, listed: str, what: str, **fields: str) -> list[Any]:
    """Return the place of an item of the file; raise for a name that it does not have, with those it has."""
    if editing.read(text, [listed, item(**fields)]) is None:
        key, name = next(iter(fields.items()))
        names = ", ".join(dict.fromkeys(str(each[key]) for each in editing.read(text, [listed]) or ()))
        raise errors.NetworkError(f"the file has no {what} {name}", f"It has {names or 'none'}.")
    return [listed, item(**fields)]


COMMANDS = (
    batch,
    policy,
    acl,
    capability,
    anchor,
    channel_create,
    channel_join,
    channel_leave,
    remove_organisation,
    chaincode_upgrade,
    collection,
    user_enrol,
)
