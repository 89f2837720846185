package io.panamio.sys.windows;

import io.panamio.Poll;
import io.panamio.sys.Selector;
import java.lang.reflect.Field;

/**
 * What a Poll holds on Windows.
 *
 * @param groups its handles of AFD
 * @param blocks the blocks of memory in use, one for each source, or for one that is gone and whose packet is to come
 * @param pending the requests whose packet has not arrived
 */
public record Requests(int groups, int blocks, int pending) {
    /** {@return what a Poll holds now, all 0 elsewhere than on Windows} */
    public static Requests of(Poll poll) throws ReflectiveOperationException {
        if (!(Selector.of(poll.registry()) instanceof CompletionSelector selector)) {
            return new Requests(0, 0, 0);
        }
        synchronized (field("lock").get(selector)) {
            int groups = 0;
            int blocks = 0;
            for (AfdGroup group : (AfdGroup[]) field("groups").get(selector)) {
                groups += group == null ? 0 : 1;
                for (int i = 0; group != null && i < AfdGroup.SIZE; i++) {
                    blocks += group.get(i) == null ? 0 : 1;
                }
            }
            return new Requests(groups, blocks, field("pending").getInt(selector));
        }
    }

    private static Field field(String name) throws NoSuchFieldException {
        Field field = CompletionSelector.class.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
