package io.panamio;

import io.panamio.sys.Platform;

/**
 * A feature that some systems lack. A program that needs none of them runs on every supported system. Any other program
 * can query {@link #support} first, or handle the {@link UnsupportedOperationException}, whose message names the system
 * and the feature:
 *
 * {@snippet file="LoopSnippets.java" region="feature"}
 *
 * <p>Support depends on the back end in use and does not change while the process runs. A kernel older than the
 * feature, or a sandbox, may still refuse a supported feature; the call that needs it then throws an exception that
 * names the system call.
 */
public enum Feature {
    /**
     * Edge-triggered events from the system itself: epoll(7), kqueue(2). Where emulated, {@link Poll} derives edges
     * from level-triggered events.
     */
    EDGES,
    /**
     * {@link Interest#exclusive}. Where emulated, every {@link Poll} is woken instead of one. Where refused,
     * registering such an interest throws.
     */
    EXCLUSIVE,
    /**
     * {@link Interest#PRIORITY}. Where refused, registering it without {@link Interest#READABLE} throws, and priority
     * data is not reported.
     */
    PRIORITY,
    /** {@link Poll#fd}, which lets one {@link Poll} watch another. */
    POLL_DESCRIPTOR,
    /** {@link Poll#setBusyPoll}. */
    BUSY_POLL,
    /** {@link SourceFd} for a descriptor that is not a socket. */
    DESCRIPTORS,

    /** {@code Pipe}. Where emulated, without blocking mode. */
    PIPES,
    /**
     * Ends of pipes by their descriptors: {@code Pipe.Sender.fromFd} and {@code Pipe.Receiver.fromFd}, and {@link
     * IoSource#detach} of such an end.
     */
    PIPE_DESCRIPTORS,
    /** {@code Pipe.Sender.redirect} and {@code Pipe.Receiver.redirect}, which connect a pipe to a child process. */
    PIPE_REDIRECTS,
    /** {@code NamedPipe}. */
    NAMED_PIPES,

    /** {@code UnixStream} and {@code UnixListener}. */
    UNIX_STREAMS,
    /** {@code UnixDatagram}. */
    UNIX_DATAGRAMS,
    /** {@code UnixSeqpacket} and {@code UnixSeqpacketListener}. */
    UNIX_SEQPACKETS,
    /** {@code UnixAddress.ofAbstract}. */
    ABSTRACT_ADDRESSES,
    /** Descriptors in the control messages of Unix sockets. */
    DESCRIPTOR_PASSING,
    /**
     * Credentials in the control messages of Unix sockets. Those of a peer are a socket option, {@code SO_PEERCRED}.
     */
    CREDENTIAL_PASSING,

    /**
     * {@code DatagramBatch} with one system call for the whole batch. Where emulated, each datagram takes one call.
     */
    DATAGRAM_BATCHES,
    /** Segmentation and coalescing of datagrams by the system: {@code UDP_SEGMENT} and {@code UDP_GRO}. */
    DATAGRAM_SEGMENTATION,
    /**
     * Time to live and traffic class of a single datagram: {@code ControlMessages.putTtl} and {@code putTrafficClass}.
     */
    DATAGRAM_TRAFFIC_OPTIONS,
    /**
     * The interface of an IPv4 datagram: {@code ControlMessages.interfaceIndex}, which returns -1 where this is
     * refused, and {@code putSource} with an interface.
     */
    IPV4_DATAGRAM_INTERFACE,
    /** Source-specific multicast: joining a group for one source, and blocking a source. */
    SOURCE_MEMBERSHIP,

    /** {@code TcpStream.info}. */
    TCP_INFO,
    /** {@code writeMore}, which holds back a partial segment. Where emulated, it is an ordinary write. */
    WRITE_MORE,

    /**
     * {@code FileSource} without a copy through the process: sendfile(2). Where emulated, the file is read and written.
     */
    SEND_FILE,
    /**
     * {@code Splice} without a copy through the process: splice(2). Where emulated, the bytes are read and written.
     */
    SPLICE,
    /** {@code ZeroCopySender}: MSG_ZEROCOPY. Where emulated, all its sends are copied. */
    ZERO_COPY,
    /**
     * {@code RingBuffer} over memory that is mapped twice. Where emulated, bytes are moved to the beginning of the
     * buffer when its end is reached.
     */
    MIRRORED_MEMORY;

    /** How the back end in use supports a feature. */
    public enum Support {
        /** Provided by the system. */
        SUPPORTED,
        /** Provided by Panamio by other means: it works, at a cost in performance. */
        EMULATED,
        /** Not available: a method that needs it throws {@link UnsupportedOperationException}. */
        REFUSED
    }

    /**
     * {@return how the back end in use supports this feature}
     *
     * @throws UnsupportedOperationException if this system is not supported
     */
    public Support support() {
        return Platform.current().support(this);
    }

    /**
     * {@return whether this feature is supported or emulated}
     *
     * @throws UnsupportedOperationException if this system is not supported
     */
    public boolean isAvailable() {
        return support() != Support.REFUSED;
    }
}
