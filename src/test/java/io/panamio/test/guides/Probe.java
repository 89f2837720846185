package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Connects to many servers by name, all at once, and reports where each was reached, or why it was not. */
public final class Probe {
    public static void main(String[] args) throws IOException {
        probe(List.of(args), Duration.ofSeconds(5)).forEach(System.out::println);
    }

    private record Attempt(String server, Connector connector) {
    }

    /** Returns a line for each server, in the order in which the outcomes arrive. */
    static List<String> probe(List<String> servers, Duration timeout) throws IOException {
        List<String> outcomes = new ArrayList<>();
        Slab<Attempt> attempts = new Slab<>();
        try (Poll poll = Poll.open()) {
            for (String server : servers) {
                int colon = server.lastIndexOf(':');
                int port = Integer.parseInt(server.substring(colon + 1));
                Connector connector = Connector.connect(server.substring(0, colon), port, timeout);
                poll.registry().register(connector, attempts.insert(new Attempt(server, connector)), Interest.WRITABLE);
            }
            Events events = Events.withCapacity(256);
            while (attempts.size() > 0) {
                int n = poll.poll(events);                       // no timeout: every connector has its own
                for (int i = 0; i < n; i++) {
                    Attempt attempt = attempts.get(events.token(i));
                    String outcome = attempt == null ? null : outcome(attempt);
                    if (outcome != null) {
                        outcomes.add(outcome);
                        attempts.remove(events.token(i)).connector.close();
                    }
                }
            }
        } finally {
            attempts.forEach(attempt -> attempt.connector.close());
        }
        return outcomes;
    }

    /** Returns null as long as there is none. */
    private static String outcome(Attempt attempt) {
        try (TcpStream stream = attempt.connector.finishConnect()) { // null while connecting
            return stream == null ? null : attempt.server + ": connected to " + stream.peerAddress();
        } catch (IOException e) {
            return e.getMessage();                               // every address, with its reason
        }
    }
}
