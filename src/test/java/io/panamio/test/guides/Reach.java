package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.net.*;
import java.time.Duration;

/** Connects to a server, again and again where that may help, and reports why it failed. */
public final class Reach {
    public static void main(String[] args) throws Exception {
        InetSocketAddress server = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
        for (int i = 0; i < 5; i++) {
            try (TcpStream stream = connect(server, Duration.ofSeconds(2))) {
                System.out.println("connected to " + stream.peerAddress());
                return;
            } catch (IOException e) {
                System.out.println(e.getMessage());
                if (!mayHelpToRepeat(e)) {
                    throw e;
                }
                Thread.sleep(1000);
            }
        }
    }

    static TcpStream connect(InetSocketAddress server, Duration timeout) throws IOException {
        TcpStream stream = TcpStream.connect(server);
        try (Poll poll = Poll.open()) {
            poll.registry().register(stream, 0, Interest.WRITABLE);
            Events events = Events.withCapacity(1);
            Timers timers = new Timers();
            timers.schedule(0, timeout);
            while (!stream.finishConnect()) {                    // throws why the connection failed
                poll.poll(events, timers);
                if (timers.expire()) {
                    throw new SocketTimeoutException("no answer from " + server);
                }
            }
            poll.registry().deregister(stream);
            return stream;
        } catch (IOException e) {
            stream.close();
            throw e;
        }
    }

    /** Returns whether the cause may pass, so that repeating the connect may help. */
    static boolean mayHelpToRepeat(IOException e) {
        return switch (e) {
            case ConnectException refused -> true;               // no server yet, or it does not answer
            case NoRouteToHostException route -> true;
            case SocketTimeoutException late -> true;
            case ResourceExhaustedException full -> true;        // of descriptors or memory
            case BindException local -> local instanceof SystemError error
                && error.errnoName().equals("EADDRNOTAVAIL");    // no local port is free
            default -> e instanceof SystemError error && error.errnoName().equals("ENETUNREACH");
        };
    }
}
