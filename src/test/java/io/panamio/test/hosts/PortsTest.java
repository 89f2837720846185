package io.panamio.test.hosts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import io.panamio.test.support.Background;
import io.panamio.test.support.Failures;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Programs;
import io.panamio.test.support.Programs.Program;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host whose ports for outgoing connections are all in use. */
@Tag("any-selector")
class PortsTest {
    private static final String RANGE = "ipv4/ip_local_port_range";

    @TempDir
    private Path directory;
    private Hosts hosts;

    @BeforeEach
    void open() throws IOException {
        hosts = new Hosts();
    }

    @AfterEach
    void close() throws IOException {
        if (hosts != null) {
            hosts.close();
        }
    }

    @Test
    void aConnectAndABindNameWhatIsMissing() throws IOException {
        TcpListener listener = hosts.listen(false);
        hosts.a.set(RANGE, "50000 50000");
        hosts.loop.later(hosts.a.call(() -> TcpStream.connect(listener.localAddress())));
        Failures.assertFails(BindException.class, "connect", "EADDRNOTAVAIL",
            () -> hosts.a.call(() -> TcpStream.connect(listener.localAddress())));
        InetSocketAddress any = new InetSocketAddress(hosts.a.v4, 0);
        UdpSocket socket = hosts.loop.later(hosts.a.call(() -> UdpSocket.bind(any)));
        Failures.assertFails(BindException.class, "bind", "EADDRINUSE", () -> hosts.a.call(() -> UdpSocket.bind(any)));
        socket.close();
        hosts.a.call(() -> UdpSocket.bind(any)).close();
    }

    /** A client of the proxy, from the other host. */
    private Socket client(int port) throws IOException {
        Socket socket = hosts.loop.later(hosts.b.call(() -> new Socket(hosts.a.v4, port)));
        socket.setSoTimeout((int) Loop.LONG.toMillis());
        return socket;
    }

    private static boolean ping(Socket socket) throws IOException {
        byte[] bytes = Local.random(100);
        byte[] back = new byte[100];
        try {
            socket.getOutputStream().write(bytes);
            new DataInputStream(socket.getInputStream()).readFully(back);
        } catch (SocketException | EOFException e) {
            return false;
        }
        assertArrayEquals(bytes, back);
        return true;
    }

    @Test
    void theProxyResetsClientsUntilThereArePorts() throws IOException {
        ServerSocket server = hosts.loop.later(hosts.a.call(() -> new ServerSocket(0, 50, hosts.a.v4)));
        Background.echo(server, hosts.loop::later);
        try (Programs programs = new Programs(directory)) {
            int port = 7000;
            Program proxy = hosts.a.call(() -> programs.example("proxy", "--listen", "10.9.0.1:" + port, "--to",
                "10.9.0.1:" + server.getLocalPort()));
            proxy.awaitOutput(":" + port);
            assertTrue(ping(client(port)));
            hosts.a.set(RANGE, "50000 50003");
            List<Socket> served = new ArrayList<>();
            int refused = 0;
            for (int i = 0; i < 20; i++) {
                try {
                    Socket client = client(port);
                    if (ping(client)) {
                        served.add(client);
                    } else {
                        refused++;
                    }
                } catch (SocketException e) { // reset before its connect has returned
                    refused++;
                }
            }
            assertEquals(4, served.size());
            assertEquals(16, refused);
            for (Socket client : served) {
                assertTrue(ping(client));
            }
            proxy.assertIdle();
            hosts.a.set(RANGE, "32768 60999");
            for (int i = 0; i < 5; i++) {
                assertTrue(ping(client(port)));
            }
            assertTrue(ping(served.getFirst()));
        }
    }
}
