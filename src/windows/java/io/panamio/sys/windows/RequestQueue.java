package io.panamio.sys.windows;

/**
 * Requests in the order in which they were added, each at most once. The links are part of the requests, so that adding
 * one allocates nothing and cannot fail: its events would be lost.
 */
final class RequestQueue {
    /** The link of a request, for one queue. */
    static final class Link {
        private final PollRequest request;
        private Link next;
        private boolean queued;

        Link(PollRequest request) {
            this.request = request;
        }
    }

    private Link first;
    private Link last;

    boolean isEmpty() {
        return first == null;
    }

    /** Appends a request, unless it is in the queue already. */
    void add(Link link) {
        if (link.queued) {
            return;
        }
        link.queued = true;
        if (first == null) {
            first = link;
        } else {
            last.next = link;
        }
        last = link;
    }

    /** Removes and returns the oldest request, or null if there is none. */
    PollRequest remove() {
        Link link = first;
        if (link == null) {
            return null;
        }
        first = link.next;
        link.next = null;
        link.queued = false;
        return link.request;
    }
}
