package io.panamio;

import io.panamio.sys.Platform;

/**
 * What not every system has. A program that asks for nothing of this runs everywhere; one that does may ask first, or
 * expect an {@link UnsupportedOperationException} that names the system and the feature.
 *
 * <p>The answers are those of the back end in use and do not change while the process runs. A kernel that is older than
 * a feature, or a sandbox, may still refuse it: then the call that needs it throws an exception that names the system
 * call.
 */
public enum Feature {
    /** Edge-triggered events from the system itself: epoll(7), kqueue(2). Else {@link Poll} makes edges of levels. */
    EDGES,
    /** {@link Interest#exclusive}. */
    EXCLUSIVE,
    /** {@link Poll#fd}: one Poll watches another. */
    POLL_DESCRIPTOR,
    /** {@link Poll#setBusyPoll}. */
    BUSY_POLL,

    /** {@code Pipe}. */
    PIPES,
    /** {@code Pipe.Sender.redirect} and {@code Pipe.Receiver.redirect}: child processes at the other end of a pipe. */
    PIPE_REDIRECTS,

    /** {@code UnixStream} and {@code UnixListener}. */
    UNIX_STREAMS,
    /** {@code UnixDatagram}. */
    UNIX_DATAGRAMS,
    /** {@code UnixSeqpacket} and {@code UnixSeqpacketListener}. */
    UNIX_SEQPACKETS,
    /** {@code UnixAddress.ofAbstract}. */
    ABSTRACT_ADDRESSES,
    /** Descriptors and credentials in control messages of Unix sockets. */
    DESCRIPTOR_PASSING,

    /** {@code DatagramBatch} with one system call for all of its datagrams. Else there is one for each. */
    DATAGRAM_BATCHES,
    /** Datagrams cut and put together by the system: {@code UDP_SEGMENT} and {@code UDP_GRO}. */
    DATAGRAM_SEGMENTATION,
    /** Multicast groups joined for one source, or without one. */
    SOURCE_MEMBERSHIP,

    /** {@code TcpStream.info}. */
    TCP_INFO,
    /** {@code writeMore} holds back what fills no packet. Else it is a write. */
    WRITE_MORE,

    /** {@code FileSource} sends a file without copying it to the process: sendfile(2). Else it is read and written. */
    SEND_FILE,
    /**
     * {@code Splice} passes bytes on without copying them to the process: splice(2). Else they are read and written.
     */
    SPLICE,
    /** {@code ZeroCopySender}: MSG_ZEROCOPY. */
    ZERO_COPY,
    /** {@code RingBuffer} maps its memory twice. Else bytes move from its end to its beginning at times. */
    MIRRORED_MEMORY;

    /** Whether a system has a feature. */
    public enum Support {
        /** The system has it. */
        SUPPORTED,
        /** Panamio makes it of what the system has: it works, at a price. */
        EMULATED,
        /** It is not to be had: what needs it throws an {@link UnsupportedOperationException}. */
        REFUSED
    }

    /**
     * {@return how this feature is supported by the back end in use}
     *
     * @throws UnsupportedOperationException if there is no back end for this system
     */
    public Support support() {
        return Platform.current().support(this);
    }

    /**
     * {@return whether this feature works, be it emulated}
     *
     * @throws UnsupportedOperationException if there is no back end for this system
     */
    public boolean isAvailable() {
        return support() != Support.REFUSED;
    }
}
