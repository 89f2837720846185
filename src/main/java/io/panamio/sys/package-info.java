/**
 * The seam between the API and an operating system, and what is the same on all systems. Not exported. This page states
 * what a port to another system must supply, method by method. {@code ARCHITECTURE.md} describes the layers and the
 * flows, and lists the steps of a port.
 *
 * <h2>What all platforms share</h2>
 * <ul>
 * <li>{@link io.panamio.sys.Guard} and {@link io.panamio.sys.Handle}: when a descriptor may be used and who closes it;
 *     registration with at most one selector; the arena of a source.
 * <li>{@link io.panamio.sys.Selector}: deadlines, one poller at a time, wakes ({@code WakeState}), spinning ({@code
 *     SpinPolicy}), closing, and the events that sources deliver themselves.
 * <li>{@link io.panamio.sys.Watch}: armed and unarmed conditions, where the system reports levels or completions.
 * <li>{@link io.panamio.sys.Delivery}: sources that report their readiness themselves; {@link io.panamio.sys.Alarm}:
 *     those that do so at a given time.
 * <li>{@link io.panamio.sys.SourceArena} and {@link io.panamio.sys.Cleaning}: memory and sources that are released
 *     late.
 * <li>{@link io.panamio.sys.SystemExceptions}: the exception for the name of an error.
 * </ul>
 *
 * <h2>Platform</h2>
 * A port extends {@link io.panamio.sys.Platform}, is named in its {@code find} method, and supplies:
 *
 * <table>
 * <caption>The methods of Platform</caption>
 * <tr><th>method</th><th>must</th></tr>
 * <tr><td>{@code toString}</td><td>return the names of the system and of the selector, which messages contain</td></tr>
 * <tr><td>{@code support}</td><td>return the support of every {@link io.panamio.Feature}, without a system call,
 *     always the same; a refused feature throws {@code refusal(feature)}, an emulated one works</td></tr>
 * <tr><td>{@code openSelector}, {@code newEvents}</td><td>create a selector, and buffers for its events, of the kind
 *     that {@code -Dpanamio.selector} names, or the best one</td></tr>
 * <tr><td>{@code sockets}</td><td>return {@link io.panamio.sys.Sockets}: create, connect, accept, options, addresses,
 *     errors; sockets are non-blocking and not inherited by child processes</td></tr>
 * <tr><td>{@code streams}</td><td>return {@link io.panamio.sys.Streams}: bytes of stream sockets, single and vectored
 *     ({@link io.panamio.sys.Gather}); a system without vectored calls makes several</td></tr>
 * <tr><td>{@code messages}</td><td>return {@link io.panamio.sys.Messages}: datagrams, addresses ({@link
 *     io.panamio.sys.AddressBuffer}), control messages ({@link io.panamio.sys.Control}), batches ({@link
 *     io.panamio.sys.Batch}, by single calls where the system has none)</td></tr>
 * <tr><td>{@code pipes}</td><td>optional: return {@link io.panamio.sys.Pipes}, which makes {@link
 *     io.panamio.sys.PipeEnd}s: each with its descriptor, the calls that transfer its bytes, its close and, where no
 *     selector can watch it, its {@code Delivery}; see PIPES. Those of named pipes are {@link
 *     io.panamio.sys.NamedPipeEnd}s; see NAMED_PIPES</td></tr>
 * <tr><td>{@code transfers}</td><td>optional: return {@link io.panamio.sys.Transfers}; see SEND_FILE and
 *     SPLICE</td></tr>
 * <tr><td>{@code zeroCopy}</td><td>optional: return {@link io.panamio.sys.ZeroCopy}, or
 *     {@link io.panamio.sys.CopyingSends} where the system always copies; see ZERO_COPY</td></tr>
 * <tr><td>{@code close}</td><td>close a socket once, ignoring errors; an end of a pipe closes itself, by {@code
 *     PipeEnd.close}, and {@code Transfers.closeFile} closes a file</td></tr>
 * <tr><td>{@code isNonBlocking}, {@code setNonBlocking}</td><td>get and set the mode of a socket or a pipe; {@code
 *     isNonBlocking} returns true where the system cannot report it</td></tr>
 * <tr><td>{@code allocate}, {@code free}, {@code pageSize}</td><td>provide zeroed memory, 16-byte aligned, that any
 *     thread can free</td></tr>
 * <tr><td>{@code map}, {@code unmap}</td><td>provide pages that the system does not reuse while it still sends them
 *     </td></tr>
 * <tr><td>{@code mapTwice}, {@code unmapTwice}</td><td>optional: map the same pages twice, at adjacent addresses; null
 *     where that is not possible; see MIRRORED_MEMORY</td></tr>
 * </table>
 *
 * <p>Calls of all groups: the caller keeps the descriptor open and validates arguments; an interrupted call is retried;
 * none blocks. A result is a number of bytes, 0 for the end of a stream, or {@link io.panamio.sys.Sockets#WOULD_BLOCK};
 * any other failure is an exception made by {@link io.panamio.sys.SystemExceptions} that names the system call and the
 * error. Hot calls allocate nothing. The width of a native result (int, long, BOOL, NTSTATUS) is known only to the code
 * that links the function. A descriptor is an {@code int}; a handle of Windows fits, sign-extended to 64 bits.
 *
 * <h2>The groups of calls</h2>
 * Only what a group adds to the rule above is listed. The types of arguments and exceptions are in the documentation
 * of each class.
 *
 * <table>
 * <caption>Sockets</caption>
 * <tr><th>method</th><th>must</th></tr>
 * <tr><td>{@code connect}</td><td>create a socket with its options, start to connect it and return at once; the
 *     overload for datagrams sets or changes the peer of a socket</td></tr>
 * <tr><td>{@code listen}, {@code bind}, {@code unbound}, {@code pair}</td><td>create sockets with
 *     their options, and leave neither a descriptor nor a file behind if a step fails</td></tr>
 * <tr><td>{@code deletion}</td><td>return an action that deletes the file of a Unix socket, unless another one has
 *     replaced it; it never throws</td></tr>
 * <tr><td>{@code accept}</td><td>take one connection from the queue; one that was aborted there is
 *     skipped</td></tr>
 * <tr><td>{@code requireSocket}, {@code isListening}, {@code prepareAdopted}</td><td>check a descriptor that a user
 *     supplies: its type, family and protocol; the last, optional, gives it the settings of sockets that were created
 *     here</td></tr>
 * <tr><td>{@code isConnected}</td><td>return true once a connect has succeeded, even if the connection has ended
 *     since, and throw its error if it failed</td></tr>
 * <tr><td>{@code localAddress}, {@code peerAddress}, {@code withAddress}</td><td>return addresses, and an exception
 *     with an address in its message</td></tr>
 * <tr><td>{@code shutdown}</td><td>shut down one direction or both</td></tr>
 * <tr><td>{@code takeError}</td><td>return each pending error once; where the system does not clear it, remember that
 *     it was taken</td></tr>
 * <tr><td>{@code joinGroup}, {@code leaveGroup}, {@code changeSource}</td><td>change memberships in multicast groups;
 *     see SOURCE_MEMBERSHIP</td></tr>
 * <tr><td>{@code setOption}, {@code getOption}</td><td>find an option by its name, check its value, and convert it;
 *     the overloads by numbers pass memory as it is</td></tr>
 * <tr><td>{@code newTcpFields}, {@code tcpInfo}</td><td>fill the fields that the system has, and leave the others at
 *     -1; see TCP_INFO</td></tr>
 * </table>
 *
 * <table>
 * <caption>Streams and Gather</caption>
 * <tr><th>method</th><th>must</th></tr>
 * <tr><td>{@code recv}, {@code send}</td><td>move bytes of native memory, or of the heap through
 *     {@code NativeScratch}; a call that moved fewer bytes than requested has drained or filled the socket</td></tr>
 * <tr><td>{@code peek}</td><td>receive without removing; throws for pipes</td></tr>
 * <tr><td>{@code sendMore}</td><td>optional: announce that another send follows at once; see WRITE_MORE</td></tr>
 * <tr><td>{@code recvVectored}, {@code sendVectored}</td><td>move segments in order, as many in one call as the system
 *     takes; an error after the first byte is left to the next call</td></tr>
 * <tr><td>{@code newGather}</td><td>return a list that is sent with {@code send}; {@code changed}, optional, keeps its
 *     vectors up to date</td></tr>
 * <tr><td>{@code maxTransfer}</td><td>return the limit of one call</td></tr>
 * </table>
 *
 * <table>
 * <caption>Messages, AddressBuffer, Control, Batch</caption>
 * <tr><th>method</th><th>must</th></tr>
 * <tr><td>{@code newAddress}, {@code newControl}, {@code newBatch}</td><td>allocate native memory that is reused from
 *     call to call</td></tr>
 * <tr><td>{@code recv}, {@code peek}, {@code recvMsg}</td><td>receive one datagram and return its whole length, or one
 *     byte more than fits if that is not known; the sender and the control messages are stored in the
 *     buffers</td></tr>
 * <tr><td>{@code send}, {@code sendTo}, {@code sendMsg}</td><td>send one datagram, as a whole or not at all</td></tr>
 * <tr><td>{@code recvBatch}, {@code sendBatch}</td><td>receive and send several, by single calls where the system has
 *     no other; the next call reports an error after the first one</td></tr>
 * <tr><td>{@code set}, {@code clear}, {@code isEmpty}, {@code get}, {@code family}, {@code port}</td><td>of an
 *     {@code AddressBuffer}: hold an address in the format of the system; reading its family or port allocates
 *     nothing</td></tr>
 * <tr><td>{@code isTruncated}, {@code ttl}, {@code trafficClass}, {@code timestampNanos}, {@code segmentSize},
 *     {@code destination}, {@code interfaceIndex}, {@code credentials}, {@code takeFds}</td><td>of a {@code Control}:
 *     find a message that was received; -1, null or none if there is none. {@code clear} closes descriptors that were
 *     not taken</td></tr>
 * <tr><td>{@code putTtl}, {@code putTrafficClass}, {@code putSegmentSize}, {@code putSource}, {@code putFds},
 *     {@code putCredentials}, {@code put}</td><td>of a {@code Control}: add a message as a whole, or throw without a
 *     change if it does not fit; refuse what the system lacks</td></tr>
 * <tr><td>{@code address}, {@code setAddress}, {@code control}</td><td>of a {@code Batch}: the address and the control
 *     messages of each slot</td></tr>
 * </table>
 *
 * <table>
 * <caption>Pipes, PipeEnd, NamedPipeEnd, Transfers, ZeroCopy: each optional as a group</caption>
 * <tr><th>method</th><th>must</th></tr>
 * <tr><td>{@code open}, {@code fd}, {@code streams}, {@code close}</td><td>of pipes: make two ends, non-blocking and
 *     not inherited; each closes itself once</td></tr>
 * <tr><td>{@code reader}, {@code writer}, {@code file}, {@code createNamed}, {@code createInstance},
 *     {@code openNamed}</td><td>optional: adopt a descriptor, open a pipe for a child process, named pipes; see
 *     PIPE_DESCRIPTORS, PIPE_REDIRECTS, NAMED_PIPES</td></tr>
 * <tr><td>{@code disconnect}, {@code isEnded}, {@code isPartial}</td><td>of a {@code NamedPipeEnd}, whose
 *     {@code connect} listens for a client: what the last read has found</td></tr>
 * <tr><td>{@code openFile}, {@code fileSize}, {@code readFile}</td><td>open a file, refuse to return the size of
 *     anything but a regular one, and read it at an offset</td></tr>
 * <tr><td>{@code sendFile}, {@code spliceIn}, {@code spliceOut}, {@code receive}</td><td>move bytes without a copy, or
 *     return REFUSED, after which the caller copies; {@code receive} reads into memory for that copy</td></tr>
 * <tr><td>{@code isEnabled}, {@code enable}, {@code complete}</td><td>of {@code ZeroCopy}: {@code send} returns while
 *     the kernel still reads the memory; {@code complete} reports the sends whose memory it no longer uses</td></tr>
 * </table>
 *
 * <h2>Selector</h2>
 * A back end extends {@link io.panamio.sys.Selector}. The base class has entered the selector's guard
 * during {@code add}, {@code modify}, {@code remove}, {@code await} and {@code sendNotification}; any of them can run
 * concurrently with {@code await}. {@code rearm} runs inside an operation, with only the source's guard entered. In the
 * table, "edges" are systems such as epoll and kqueue, "levels" such as poll(2), "completions" such as AFD poll over a
 * completion port.
 *
 * <table>
 * <caption>The methods of a selector</caption>
 * <tr><th>method</th><th>edges</th><th>levels</th><th>completions</th></tr>
 * <tr><td>{@code add}</td><td>watch the descriptor</td><td>add a {@code Watch} to the set; end the wait of a poller, so
 *     that it includes it</td><td>create a {@code Watch} with its request, and post the request, which includes {@code
 *     armed()}; a poller that waits needs no notification</td></tr>
 * <tr><td>{@code modify}</td><td>watch it again, which reports what it is ready for</td><td>replace the {@code Watch},
 *     with everything armed</td><td>the same; post a request. If one is pending that does not include all conditions,
 *     cancel it, and post the next one when its completion has arrived, which may still report events</td></tr>
 * <tr><td>{@code rearm}</td><td>nothing, except for conditions that have no edge</td><td>{@code arm}; end the wait of a
 *     poller whose request does not include the condition</td><td>{@code arm}; post the next request if none is
 *     pending, replace one that does not include the condition</td></tr>
 * <tr><td>{@code await}</td><td>wait once; fill the buffer</td><td>wait once for what is {@code armed()}; {@code
 *     report} what has happened, and fill the buffer</td><td>take completions; for each, {@code report} its conditions
 *     and fill the buffer. What is left armed is requested again. A completion without an event returns 0</td></tr>
 * <tr><td>{@code remove}</td><td>stop watching</td><td>remove the {@code Watch}; the close of the descriptor must not
 *     wait for the poller</td><td>cancel the request; its token is not reported any more. The registration is removed
 *     when the completion arrives, possibly after the source is closed and its descriptor reused: the memory of the
 *     request belongs to the selector and outlives the source. Identify a registration by its request, never by its
 *     descriptor</td></tr>
 * <tr><td>{@code deregistersOnClose}</td><td>true if closing the last duplicate ends the watch</td><td>false</td>
 *     <td>false</td></tr>
 * <tr><td>{@code sendNotification}</td><td colspan="3">make the current or else the next {@code await} return: write to
 *     an eventfd or a pipe, trigger EVFILT_USER, post a completion; {@code notificationFailed} if that
 *     fails</td></tr>
 * <tr><td>{@code fd}</td><td colspan="3">optional: the selector's own descriptor, readable while events are pending;
 *     see POLL_DESCRIPTOR</td></tr>
 * <tr><td>{@code setBusyPoll}</td><td colspan="3">optional; see BUSY_POLL</td></tr>
 * <tr><td>{@code destroy}</td><td colspan="3">close the selector's own descriptors once the last thread has
 *     left; with completions, first cancel all requests and take their completions, and leak rather than free the
 *     memory of one that does not complete</td></tr>
 * </table>
 *
 * <p>Contract of {@code await}: called by one thread at a time. It returns the number of events, from index 0 on; 0 if
 * the time has passed, or if it ended early for another reason, including a notification; -1 if a POSIX signal ended
 * the wait. The base class waits again for the remaining time. A notification is not an event: {@code await} leaves it
 * out and calls {@code notificationArrived}. At most one notification is pending at a time, except when closing, so it
 * needs no counter; the waker's event is added by the base class.
 *
 * <p>Interests: errors and hang-ups are always reported. {@code LEVEL}: report as long as the condition holds; {@code
 * ONE_SHOT}: report once, then nothing until {@code modify}, but keep the registration; {@code EXCLUSIVE}: wake
 * one of several selectors, or all of them where that is emulated, or refuse it; {@code PRIORITY}: refuse it without
 * {@code READABLE} where the system does not report it. See {@link io.panamio.sys.Readiness}.
 *
 * <h2>EventBuffer</h2>
 * A back end extends {@link io.panamio.sys.EventBuffer} over memory that it allocates once,
 * usually the array that the system fills, for {@code capacity} events. {@code token} and {@code readiness} translate
 * an entry when they are called and allocate nothing. {@code set} writes an entry that the system has not reported (a
 * wake, a delivery), in such a form that both read it back. The memory lives as long as the buffer, which is the
 * user's {@code Events}.
 *
 * <h2>Delivery</h2>
 * A source whose readiness no selector can watch, such as a named pipe that owns overlapped reads and
 * writes, reports it through a {@link io.panamio.sys.Delivery}: the one of its {@link io.panamio.sys.PipeEnd}, or that
 * of {@code Handle.of(source).setDelivery(delivery)}, called before it is registered. The handle then registers the
 * delivery instead of the descriptor.
 * <ul>
 * <li>{@code deliver}, called from any thread, adds readiness and wakes the poller.
 * <li>{@code attach} is called before each registration: a source that needs the completion port of the selector takes
 *     it there and starts its first request, and one that is tied permanently to its first selector rejects another
 *     one.
 * <li>{@code rearm} is called after an operation that would block, and removes the readiness. As a request may have
 *     completed in between, a source overrides it: under the lock under which it delivers, it calls {@code drained}
 *     only if it is still not ready.
 * <li>{@code PipeEnd.close} runs once, after {@code deregister}, with no thread inside. Memory that the system writes
 *     to belongs to the request, and outlives the source until the request completes.
 * </ul>
 *
 * <h2>What Handle expects</h2>
 * <ul>
 * <li>A selector is set before {@code add} is called, so {@code rearm} may run before {@code add} has returned, and may
 *     run after {@code remove}: it ignores a descriptor that it does not watch.
 * <li>{@code remove} is called before the descriptor is closed, unless {@code deregistersOnClose} and the descriptor
 *     has no duplicates. It may throw only if the descriptor is not watched, and is not retried then.
 * <li>When {@code remove} has returned, closing the descriptor takes effect at once: no thread in {@code await} keeps
 *     it open, or {@code remove} has waited for that thread.
 * <li>Registering, reregistering and deregistering one source exclude each other; those of different sources do not.
 * <li>A close runs in the thread that leaves the source last: the closing thread, one that ends an operation, or the
 *     cleaner.
 * </ul>
 */
package io.panamio.sys;
