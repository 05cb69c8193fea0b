package interop;

import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hyperledger.fabric.client.ChaincodeEvent;
import org.hyperledger.fabric.client.CloseableIterator;
import org.hyperledger.fabric.client.Contract;
import org.hyperledger.fabric.client.EndorseException;
import org.hyperledger.fabric.client.Gateway;
import org.hyperledger.fabric.client.Hash;
import org.hyperledger.fabric.client.Network;
import org.hyperledger.fabric.client.identity.Identities;
import org.hyperledger.fabric.client.identity.Signers;
import org.hyperledger.fabric.client.identity.X509Identity;

/** The official Java client; prints one line for each thing that it saw. */
public final class Client {
    private Client() { }

    public static void main(final String[] args) throws Exception {
        final String address = args[0];
        final String serverName = args[1];
        final Path tlsCa = Path.of(args[2]);
        final Path user = Path.of(args[3]);
        final String mspId = args[4];

        final var credentials = TlsChannelCredentials.newBuilder().trustManager(tlsCa.toFile()).build();
        final ManagedChannel channel =
                Grpc.newChannelBuilder(address, credentials).overrideAuthority(serverName).build();
        final var certificate = Identities.readX509Certificate(Files.readString(user.resolve("cert.pem")));
        final var key = Identities.readPrivateKey(Files.readString(user.resolve("key.pem")));
        final var builder = Gateway.newInstance()
                .identity(new X509Identity(mspId, certificate))
                .signer(Signers.newPrivateKeySigner(key))
                .hash(Hash.SHA256)
                .connection(channel);
        try (Gateway gateway = builder.connect()) {
            final Network network = gateway.getNetwork("mychannel");
            calls(network.getContract("lab"));
            privateData(network.getContract("lab"));
            offline(gateway, network.getContract("lab"), Signers.newPrivateKeySigner(key));
            events(network);
            failure(network.getContract("lab"));
        } finally {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    private static void calls(final Contract contract) throws Exception {
        say("submitted", contract.submitTransaction("put", "java", "one"));
        say("evaluated", contract.evaluateTransaction("get", "java"));
    }

    private static void privateData(final Contract contract) throws Exception {
        contract.newProposal("putpvt")
                .addArguments("own")
                .putAllTransient(Map.of("key", bytes("java-key"), "value", bytes("secret")))
                .setEndorsingOrganizations("Org1MSP")
                .build()
                .endorse()
                .submit();
        say("private", contract.evaluateTransaction("getpvt", "own", "java-key"));
    }

    private static void offline(
            final Gateway gateway, final Contract contract, final org.hyperledger.fabric.client.identity.Signer signer)
            throws Exception {
        final var unsigned = contract.newProposal("put").addArguments("offline", "three").build();
        final var proposal = gateway.newSignedProposal(unsigned.getBytes(), signer.sign(unsigned.getDigest()));
        final var endorsed = proposal.endorse();
        final var transaction = gateway.newSignedTransaction(endorsed.getBytes(), signer.sign(endorsed.getDigest()));
        final var submitted = transaction.submitAsync();
        final var commit = gateway.newSignedCommit(submitted.getBytes(), signer.sign(submitted.getDigest()));
        say("offline", bytes(String.valueOf(commit.getStatus().isSuccessful())));
    }

    private static void events(final Network network) throws Exception {
        final var contract = network.getContract("lab");
        final var submitted = contract.newProposal("event").addArguments("Arrived", "j1").build().endorse().submitAsync();
        final long block = submitted.getStatus().getBlockNumber();
        final List<String> seen = new ArrayList<>();
        final var request = network.newChaincodeEventsRequest("lab").startBlock(block).build();
        try (CloseableIterator<ChaincodeEvent> found = request.getEvents()) {
            final ChaincodeEvent event = found.next();
            seen.add(event.getEventName() + "=" + new String(event.getPayload(), StandardCharsets.UTF_8));
        }
        say("event", bytes(String.join(",", seen)));
    }

    private static void failure(final Contract contract) throws Exception {
        try {
            contract.submitTransaction("error", "no such luck");
        } catch (EndorseException error) {
            say("failure", bytes(error.getStatus().getCode() + " " + error.getDetails().get(0).getMessage()));
        }
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void say(final String what, final byte[] value) {
        System.out.println(what + ": " + new String(value, StandardCharsets.UTF_8));
    }
}
