package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;

/** Asks a server by UDP, and asks again if no answer arrives: questions and answers may be lost. */
public final class UdpAsk {
    public static void main(String[] args) throws IOException {
        InetSocketAddress server = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
        System.out.println(new String(ask(server, args[2].getBytes(), Duration.ofSeconds(1), 3)));
    }

    static byte[] ask(InetSocketAddress server, byte[] question, Duration patience, int tries) throws IOException {
        try (Poll poll = Poll.open(); UdpSocket socket = UdpSocket.bind(new InetSocketAddress(any(server), 0))) {
            socket.connect(server);                              // datagrams from anyone else are discarded
            poll.registry().register(socket, 0, Interest.READABLE);
            Events events = Events.withCapacity(1);
            Timers timers = new Timers();
            byte[] answer = new byte[1500];
            for (int i = 0; i < tries; i++) {
                socket.send(question, 0, question.length);       // lost if it would block, as it may be on its way
                timers.schedule(0, patience);
                do {
                    long n = socket.recv(answer, 0, answer.length);
                    if (n > answer.length) {
                        throw new IOException("the answer is longer than " + answer.length + " bytes");
                    }
                    if (n != IoResult.WOULD_BLOCK) {
                        return Arrays.copyOf(answer, (int) n);   // an empty datagram is an answer, too
                    }
                    poll.poll(events, timers);
                } while (!timers.expire());
            }
            throw new SocketTimeoutException("no answer from " + server);
        }
    }

    /** The wildcard address of the server's family. */
    private static String any(InetSocketAddress server) {
        return server.getAddress() instanceof Inet6Address ? "::" : "0.0.0.0";
    }
}
