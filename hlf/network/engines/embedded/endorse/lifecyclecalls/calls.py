"""
The functions of ``_lifecycle``: packages are installed, definitions approved, checked and committed.

They use the state of the calling transaction, so an organisation's approval is
a write to its implicit collection, which the channel validates like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric_protos.peer import collection_pb2, policy_pb2
from fabric_protos.peer.lifecycle import chaincode_definition_pb2, lifecycle_pb2
from google.protobuf import message

from hlf.network.engines.embedded.endorse import access, collections
from hlf.network.engines.embedded.endorse.lifecyclecalls import definitions, installing
from hlf.network.engines.embedded.endorse.lifecyclecalls.definitions import OrganisationState, PublicState
from hlf.network.engines.embedded.endorse.lifecyclecalls.installing import LifecycleCallError
from hlf.network.engines.embedded.endorse.simulator import SimulationError
from hlf.network.engines.embedded.endorse.systemanswers import Response, failure, success, text
from hlf.network.engines.embedded.state import lifecycle
from hlf.network.engines.embedded.wire.requests import INVALID_WIRE, ProposalRequest
from hlf.wire.config.channelconfig import ENDORSEMENT

if TYPE_CHECKING:
    from hlf.network.engines.embedded.endorse.peer import PeerState
    from hlf.network.engines.embedded.endorse.transactions import SimulatedTransaction

_DEFAULT_PARAMETER = policy_pb2.ApplicationPolicy(channel_config_policy_reference=ENDORSEMENT).SerializeToString()

_Stated = (
    lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs
    | lifecycle_pb2.CheckCommitReadinessArgs
    | lifecycle_pb2.CommitChaincodeDefinitionArgs
)


class LifecycleCalls:
    """``_lifecycle`` at one peer."""

    def __init__(self, peer: PeerState) -> None:
        self._peer = peer
        self._installing = installing.InstallationCalls(peer)
        self._functions: dict[str, installing.Function] = {
            "ApproveChaincodeDefinitionForMyOrg": (
                lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs,
                self._approve,
            ),
            "QueryApprovedChaincodeDefinition": (
                lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs,
                self._approved,
            ),
            "QueryApprovedChaincodeDefinitions": (
                lifecycle_pb2.QueryApprovedChaincodeDefinitionsArgs,
                self._all_approved,
            ),
            "CheckCommitReadiness": (lifecycle_pb2.CheckCommitReadinessArgs, self._readiness),
            "CommitChaincodeDefinition": (lifecycle_pb2.CommitChaincodeDefinitionArgs, self._commit),
            "QueryChaincodeDefinition": (lifecycle_pb2.QueryChaincodeDefinitionArgs, self._definition),
            "QueryChaincodeDefinitions": (lifecycle_pb2.QueryChaincodeDefinitionsArgs, self._definitions),
        }

    def run(self, transaction: SimulatedTransaction, args: tuple[bytes, ...], request: ProposalRequest) -> Response:
        """Answer one call; refusals are responses with status 500, or 404 if something is not found."""
        if not args:
            return failure("lifecycle scc must be invoked with arguments")
        if len(args) != 2:
            return failure(f"lifecycle scc operations require exactly two arguments but received {len(args)}")
        name = text(args[0])
        refusal = access.proposal_refusal(
            f"_lifecycle/{name}", transaction.bundle, transaction.channel_id, request, self._peer.local
        )
        if refusal is not None:
            return failure(f"Failed to authorize invocation due to failed ACL check: {refusal}")
        try:
            answer = self._call(name, transaction, args[1])
        except LifecycleCallError as error:
            if error.status != 500:
                return failure(str(error), error.status)
            return failure(f"failed to invoke backing implementation of '{name}': {error}")
        except (SimulationError, lifecycle.LayoutError) as error:
            return failure(f"failed to invoke backing implementation of '{name}': {error}")
        return success(answer.SerializeToString())

    def _call(self, name: str, transaction: SimulatedTransaction, encoded: bytes) -> message.Message:
        of_peer = self._installing.functions.get(name)
        known = of_peer or self._functions.get(name)
        if known is None:
            # A channel's access rule for it decides who may call it.
            raise LifecycleCallError(f"receiver *lifecycle.Invocation.{name} does not exist")
        kind, function = known
        try:
            given = kind.FromString(encoded)
        except message.DecodeError:
            raise LifecycleCallError(
                f"could not decode input arg for *lifecycle.Invocation.{name}: {INVALID_WIRE}"
            ) from None
        if of_peer:
            return function(given)
        if transaction.simulation is None:
            raise LifecycleCallError(definitions.no_channel(name, given, transaction.tx_id))
        return function(transaction, given)

    # Approvals ---------------------------------------------------------------------------------------------------

    def _approve(
        self, transaction: SimulatedTransaction, given: lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgArgs
    ) -> message.Message:
        self._validate(transaction, given.name, given.version, given.collections)
        approved = self._parameters(transaction, given)
        public = PublicState(transaction.simulator)
        own = OrganisationState(transaction.simulator, self._peer.msp_id)
        source = given.source.local_package.package_id if given.source.HasField("local_package") else ""
        current = lifecycle.sequence(public.get, given.name)
        _check_next(given.sequence, current)
        private_name = f"{given.name}#{given.sequence}"
        if given.sequence == current:
            committed = lifecycle.definition(public.get, given.name)
            difference = None if committed is None else lifecycle.difference(committed, approved)
            if difference is not None:
                raise LifecycleCallError(
                    f"attempted to redefine the current committed sequence ({current}) for namespace {given.name} with "
                    f"different parameters: {difference}"
                )
        if definitions.is_approved(own, private_name, approved, source):
            if given.sequence == current:
                raise LifecycleCallError(
                    f"attempted to redefine the current committed sequence ({current}) for namespace {given.name}"
                )
            raise LifecycleCallError(
                f"attempted to redefine uncommitted sequence ({given.sequence}) for namespace {given.name} with "
                "unchanged content"
            )
        lifecycle.write(
            own,
            lifecycle.NAMESPACES,
            private_name,
            lifecycle.PARAMETERS_TYPE,
            lifecycle.PARAMETERS_FIELDS,
            approved.values(),
        )
        lifecycle.write(
            own,
            lifecycle.SOURCES,
            private_name,
            lifecycle.PACKAGE_TYPE,
            lifecycle.PACKAGE_FIELDS,
            {"PackageID": lifecycle.encode_string(source)},
        )
        return lifecycle_pb2.ApproveChaincodeDefinitionForMyOrgResult()

    def _approved(
        self, transaction: SimulatedTransaction, given: lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs
    ) -> message.Message:
        own = OrganisationState(transaction.simulator, self._peer.msp_id)
        sequence = given.sequence
        if not sequence:
            current = lifecycle.sequence(PublicState(transaction.simulator).get, given.name)
            following = lifecycle.metadata(own.get, lifecycle.NAMESPACES, f"{given.name}#{current + 1}")
            sequence = current if following is None else current + 1
        private_name = f"{given.name}#{sequence}"
        if lifecycle.metadata(own.get, lifecycle.NAMESPACES, private_name) is None:
            raise LifecycleCallError(
                f"could not fetch approved chaincode definition (name: '{given.name}', sequence: '{sequence}') on "
                f"channel '{transaction.channel_id}'"
            )
        result = lifecycle_pb2.QueryApprovedChaincodeDefinitionResult()
        definitions.describe_approval(result, own, private_name)
        return result

    def _all_approved(
        self, transaction: SimulatedTransaction, _: lifecycle_pb2.QueryApprovedChaincodeDefinitionsArgs
    ) -> message.Message:
        own = OrganisationState(transaction.simulator, self._peer.msp_id)
        result = lifecycle_pb2.QueryApprovedChaincodeDefinitionsResult()
        for private_name in own.range(lifecycle.metadata_key(lifecycle.NAMESPACES, "")):
            entry = result.approved_chaincode_definitions.add(name=private_name.partition("#")[0])
            definitions.describe_approval(entry, own, private_name)
        return result

    # Commitment --------------------------------------------------------------------------------------------------

    def _readiness(
        self, transaction: SimulatedTransaction, given: lifecycle_pb2.CheckCommitReadinessArgs
    ) -> message.Message:
        agreed = self._parameters(transaction, given)
        self._check_sequence(transaction, given)
        result = lifecycle_pb2.CheckCommitReadinessResult()
        for msp_id, differing in self._judge(transaction, given.name, given.sequence, agreed).items():
            result.approvals[msp_id] = not differing
            if differing:
                result.mismatches[msp_id].items.extend(differing)
        return result

    def _commit(
        self, transaction: SimulatedTransaction, given: lifecycle_pb2.CommitChaincodeDefinitionArgs
    ) -> message.Message:
        self._validate(transaction, given.name, given.version, given.collections)
        if self._peer.msp_id not in transaction.configuration.application_msp_ids:
            raise LifecycleCallError(
                "impossibly, this peer's org is processing requests for a channel it is not a member of"
            )
        agreed = self._parameters(transaction, given)
        self._check_sequence(transaction, given)
        judged = self._judge(transaction, given.name, given.sequence, agreed)
        committed = lifecycle.ChaincodeDefinition(
            agreed.endorsement_info, agreed.validation_info, agreed.collections, given.sequence
        )
        lifecycle.write(
            PublicState(transaction.simulator),
            lifecycle.NAMESPACES,
            given.name,
            lifecycle.DEFINITION_TYPE,
            lifecycle.DEFINITION_FIELDS,
            committed.values(),
        )
        if judged.get(self._peer.msp_id):
            raise LifecycleCallError(f"chaincode definition not agreed to by this org ({self._peer.msp_id})")
        return lifecycle_pb2.CommitChaincodeDefinitionResult()

    def _definition(
        self, transaction: SimulatedTransaction, given: lifecycle_pb2.QueryChaincodeDefinitionArgs
    ) -> message.Message:
        found = lifecycle.definition(PublicState(transaction.simulator).get, given.name)
        if found is None:
            raise LifecycleCallError(f"namespace {given.name} is not defined", 404)
        result = lifecycle_pb2.QueryChaincodeDefinitionResult()
        definitions.describe(result, found, found.sequence)
        for msp_id, differing in self._judge(transaction, given.name, found.sequence, found).items():
            result.approvals[msp_id] = not differing
        return result

    def _definitions(
        self, transaction: SimulatedTransaction, _: lifecycle_pb2.QueryChaincodeDefinitionsArgs
    ) -> message.Message:
        result = lifecycle_pb2.QueryChaincodeDefinitionsResult()
        public = PublicState(transaction.simulator)
        prefix = lifecycle.metadata_key(lifecycle.NAMESPACES, "")
        iterator = transaction.simulator.range(lifecycle.NAMESPACE, prefix, prefix + "\x7f")
        names = []
        while (row := iterator.next()) is not None:
            names.append(row[0][len(prefix) :])
        for name in names:
            found = lifecycle.definition(public.get, name)
            if found is not None:
                definitions.describe(result.chaincode_definitions.add(name=name), found, found.sequence)
        return result

    # What they share ---------------------------------------------------------------------------------------------

    def _validate(
        self, transaction: SimulatedTransaction, name: str, version: str, config: collection_pb2.CollectionConfigPackage
    ) -> None:
        """Refuse the names, versions and collections that Fabric refuses, before any write."""
        try:
            collections.check_names(name, version)
            collections.check(config, transaction.configuration.msps)
            committed = transaction.simulator.definition(name)
            if committed is None:
                # Real peers look for a chaincode of the old lifecycle next; that look joins the read set.
                transaction.simulator.get_state("lscc", name)
            else:
                collections.check_change(config, committed.collections)
        except collections.CollectionError as error:
            raise LifecycleCallError(f"error validating chaincode definition: {error}") from None

    def _parameters(self, transaction: SimulatedTransaction, given: _Stated) -> lifecycle.Parameters:
        """Return the requested parameters, with Fabric's defaults for missing ones."""
        parameter = given.validation_parameter
        if not parameter:
            if transaction.configuration.policies.find(ENDORSEMENT) is None:
                raise LifecycleCallError(
                    f"could not set defaults for chaincode definition in channel {transaction.channel_id}: policy "
                    f"'{ENDORSEMENT}' must be defined for channel '{transaction.channel_id}' before chaincode "
                    "operations can be attempted"
                )
            parameter = _DEFAULT_PARAMETER
        package = collection_pb2.CollectionConfigPackage()
        package.CopyFrom(given.collections)
        return lifecycle.Parameters(
            chaincode_definition_pb2.ChaincodeEndorsementInfo(
                version=given.version,
                init_required=given.init_required,
                endorsement_plugin=given.endorsement_plugin or "escc",
            ),
            chaincode_definition_pb2.ChaincodeValidationInfo(
                validation_plugin=given.validation_plugin or "vscc", validation_parameter=parameter
            ),
            package,
        )

    def _check_sequence(self, transaction: SimulatedTransaction, given: _Stated) -> None:
        current = lifecycle.sequence(PublicState(transaction.simulator).get, given.name)
        if given.sequence != current + 1:
            raise LifecycleCallError(
                f"requested sequence is {given.sequence}, but new definition must be sequence {current + 1}"
            )

    def _judge(
        self, transaction: SimulatedTransaction, name: str, sequence: int, agreed: lifecycle.Parameters
    ) -> dict[str, list[str]]:
        """Return the differences of each organisation's approval; an empty list means that it agrees."""
        return {
            msp_id: lifecycle.mismatches(
                OrganisationState(transaction.simulator, msp_id).hash, f"{name}#{sequence}", agreed
            )
            for msp_id in transaction.configuration.application_msp_ids
        }


def _check_next(requested: int, current: int) -> None:
    if requested == current == 0:
        raise LifecycleCallError("requested sequence is 0, but first definable sequence number is 1")
    if requested < current:
        raise LifecycleCallError(f"currently defined sequence {current} is larger than requested sequence {requested}")
    if requested > current + 1:
        raise LifecycleCallError(
            f"requested sequence {requested} is larger than the next available sequence number {current + 1}"
        )
