package io.panamio.test.support;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import io.panamio.Feature;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Skips a test, or all tests of a class, if a feature is not available on the back end in use. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Requires.Condition.class)
public @interface Requires {
    /** The features that must be supported or emulated. */
    Feature[] value();

    /** Evaluates the annotation by {@link Feature#isAvailable}. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return AnnotationSupport.findAnnotation(context.getElement(), Requires.class)
                .map(requires -> Arrays.stream(requires.value()).filter(f -> !f.isAvailable()).toList())
                .filter(missing -> !missing.isEmpty())
                .map(missing -> disabled("this back end lacks " + missing))
                .orElseGet(() -> enabled("every required feature is available"));
        }
    }
}
