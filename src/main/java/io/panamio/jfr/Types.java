package io.panamio.jfr;

/** One event of each type, to ask whether the type is enabled. All types are loaded together. */
final class Types {
    static final PollEvent POLL = new PollEvent();
    static final TurnEvent TURN = new TurnEvent();
    static final ConnectEvent CONNECT = new ConnectEvent();
    static final AcceptEvent ACCEPT = new AcceptEvent();
    static final WouldBlockEvent WOULD_BLOCK = new WouldBlockEvent();
    static final LeaseEvent LEASE = new LeaseEvent();
    static final LeakEvent LEAK = new LeakEvent();

    private static final boolean LOADED = LEAK != null;

    private Types() {
    }

    /** {@return whether the types could be loaded; without memory or stack for that, nothing is recorded} */
    static boolean areLoaded() {
        try {
            return isLoaded();
        } catch (LinkageError | VirtualMachineError e) {
            return false;
        }
    }

    private static boolean isLoaded() {
        return LOADED;
    }
}
