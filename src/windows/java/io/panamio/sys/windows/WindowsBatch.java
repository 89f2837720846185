package io.panamio.sys.windows;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Batch;

/** The datagrams of a batch, each of which is moved by a call of its own. */
final class WindowsBatch extends Batch {
    private final WindowsAddress[] addresses;
    private final WindowsControl[] controls;

    WindowsBatch(int capacity, int size, int control) {
        super(capacity, size);
        addresses = new WindowsAddress[capacity];
        controls = new WindowsControl[capacity];
        for (int i = 0; i < capacity; i++) {
            addresses[i] = new WindowsAddress();
            if (control > 0) {
                controls[i] = new WindowsControl(arena, control);
            }
        }
    }

    /** Returns the address of a datagram. */
    WindowsAddress address(int i) {
        return addresses[i];
    }

    /** Takes over the next datagram that was received; {@code bytes} exceeds the size if it was truncated. */
    void received(int i, int bytes) {
        setReceived(i, bytes, bytes > size());
        setCount(i + 1);
    }

    @Override
    public void clear() {
        super.clear();
        for (WindowsAddress address : addresses) {
            address.clear();
        }
    }

    @Override
    public void address(int i, AddressBuffer into) {
        into.set(addresses[i]);
    }

    @Override
    public AddressFamily family(int i) {
        return addresses[i].family();
    }

    @Override
    public void setAddress(int i, AddressBuffer to) {
        addresses[i].set(to);
    }

    @Override
    public WindowsControl control(int i) {
        return controls[i];
    }
}
