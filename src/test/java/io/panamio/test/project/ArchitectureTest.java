package io.panamio.test.project;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.panamio.Feature;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.net.UnixAddress;
import io.panamio.net.UnixCredentials;
import io.panamio.sys.SourceArena;
import io.panamio.test.support.Child;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The layers: {@code pipeline, tls -> net -> io.panamio -> memory -> sys}, and the platforms, which use only
 * {@code sys}.
 */
@Tag("any-platform")
class ArchitectureTest {
    private static final String ROOT = "io.panamio";
    private static final String NET = "io.panamio.net..";
    private static final String PIPELINE = "io.panamio.pipeline..";
    private static final String TLS = "io.panamio.tls..";
    private static final String MEMORY = "io.panamio.memory..";
    private static final String SYS = "io.panamio.sys";
    private static final String PLATFORMS = "io.panamio.sys.*..";
    private static final String FLIGHT = "io.panamio.jfr..";
    private static final String UNIX = "io.panamio.sys.unix..";
    private static final String BSD = "io.panamio.sys.bsd..";
    private static final String BINDINGS = "io.panamio.bindings..";
    private static final String JDK = "java..";

    /** The types of the API that a platform reports on, creates or throws: the only ones that it may use. */
    private static final Set<Class<?>> GIVEN_BY_PLATFORMS =
        Set.of(Feature.class, UnixAddress.class, UnixCredentials.class, SystemError.class,
            ResourceExhaustedException.class);

    private static final JavaClasses LIBRARY = new ClassFileImporter()
        .withImportOption(new ImportOption.DoNotIncludeTests())
        .importPackages(ROOT).that(not(resideInAnyPackage("io.panamio.examples..", "io.panamio.bench..")));

    private static DescribedPredicate<JavaClass> givenByPlatforms() {
        return DescribedPredicate.describe("given by platforms", type -> GIVEN_BY_PLATFORMS.stream()
            .anyMatch(given -> (type.getName() + "$").startsWith(given.getName() + "$")));
    }

    private static DescribedPredicate<JavaClass> in(String... packages) {
        return resideInAnyPackage(packages);
    }

    private static void layer(String layer, String... mayUse) {
        classes().that(resideInAPackage(layer)).should().onlyDependOnClassesThat(in(mayUse).or(in(layer, JDK)))
            .check(LIBRARY);
    }

    @Test
    void pipelineUsesAllLayersBelow() {
        layer(PIPELINE, NET, ROOT, MEMORY, SYS, FLIGHT);
    }

    @Test
    void tlsUsesTheLayersBelowAndTheEngineOfTheJdk() {
        layer(TLS, NET, ROOT, MEMORY, SYS, "javax.net.ssl");
    }

    @Test
    void netUsesTheRootAndBelow() {
        layer(NET, ROOT, MEMORY, SYS, FLIGHT);
    }

    @Test
    void rootUsesMemoryAndSys() {
        layer(ROOT, MEMORY, SYS, FLIGHT);
    }

    @Test
    void memoryUsesOnlySys() {
        layer(MEMORY, SYS, FLIGHT);
    }

    @Test
    void sysUsesOnlyTheTypesThatPlatformsProvide() {
        classes().that(resideInAPackage(SYS)).should().onlyDependOnClassesThat(in(SYS, FLIGHT, JDK).or(givenByPlatforms()))
            .check(LIBRARY);
    }

    @Test
    void flightUsesOnlyTheJdk() {
        layer(FLIGHT, "jdk.jfr");
        noClasses().that(not(in(FLIGHT))).should().dependOnClassesThat(resideInAPackage("jdk.jfr")).check(LIBRARY);
    }

    /** A package of {@code sys} uses {@code sys}, itself, {@code mayUse}, and the types that platforms provide. */
    private static void platform(String layer, String... mayUse) {
        classes().that(resideInAPackage(layer)).should()
            .onlyDependOnClassesThat(in(SYS, JDK).or(in(layer)).or(in(mayUse)).or(givenByPlatforms())).check(LIBRARY);
    }

    @Test
    void platformsUseSysAndTheTypesThatTheyProvide() {
        platform(PLATFORMS, BINDINGS);
    }

    @Test
    void whatSystemsShareUsesNoSystem() {
        platform(UNIX);
        platform(BSD, UNIX);
    }

    @Test
    void aSystemUsesNoOtherSystem() {
        platform("io.panamio.sys.linux..", UNIX, "io.panamio.bindings.linux..");
        platform("io.panamio.sys.macos..", UNIX, BSD, "io.panamio.bindings.macos..");
        platform("io.panamio.sys.freebsd..", UNIX, BSD, "io.panamio.bindings.freebsd..");
        platform("io.panamio.sys.windows..", "io.panamio.bindings.windows..");
    }

    @Test
    void bindingsAreUsedOnlyByTheirPlatform() {
        for (String system : List.of("linux", "macos", "freebsd", "windows")) {
            noClasses().that(not(in(BINDINGS, "io.panamio.sys." + system + "..")))
                .should().dependOnClassesThat(resideInAPackage("io.panamio.bindings." + system + "..")).check(LIBRARY);
        }
    }

    @Test
    void onlyPlatformsUseErrnos() {
        noClasses().that(in(ROOT, NET, PIPELINE, TLS, MEMORY, SYS)).and().areNotAssignableFrom(SystemError.class)
            .should().callMethodWhere(target(nameMatching("errno|errnoName"))).check(LIBRARY);
    }

    /** A message or a switch that is linked when it is first used needs memory for classes, when there may be none. */
    @Test
    void failuresLinkNothingAtRunTime() throws IOException {
        try (Stream<Path> files = Files.walk(Child.CLASSES.resolve("io/panamio"))) {
            assertEquals(List.of(), files.filter(file -> file.toString().endsWith(".class"))
                .filter(file -> !file.toString().contains("bindings")).filter(ArchitectureTest::isLinkedAtRunTime)
                .toList());
        }
    }

    private static boolean isLinkedAtRunTime(Path file) {
        try {
            String constants = Files.readString(file, StandardCharsets.ISO_8859_1);
            return constants.contains("java/lang/runtime/SwitchBootstraps")
                || constants.contains("java/lang/invoke/StringConcatFactory");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theSeamIsDescribedMethodByMethod() throws IOException {
        String page = Files.readString(Child.BASE.resolve("src/main/java/io/panamio/sys/package-info.java"))
            .replaceAll("\\s+\\* +", " ");
        Set<String> missing = LIBRARY.stream().filter(in(SYS)).filter(c -> !c.isInterface())
            .filter(c -> !c.isEquivalentTo(SourceArena.class)) // extended by memory, not by platforms
            .flatMap(c -> c.getMethods().stream()).filter(ArchitectureTest::isToSupply)
            .map(JavaMethod::getName).filter(name -> !page.contains("{@code " + name + "}"))
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of(), missing);
    }

    private static boolean isToSupply(JavaMethod method) {
        Set<JavaModifier> modifiers = method.getModifiers();
        return modifiers.contains(JavaModifier.ABSTRACT)
            && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.panamio.(*)..").should().beFreeOfCycles()
            .ignoreDependency(in(SYS, PLATFORMS), givenByPlatforms()).check(LIBRARY);
    }

    @Test
    void sysAndBindingsAreNotExported() {
        ModuleDescriptor module = UnixAddress.class.getModule().getDescriptor();
        assertEquals(Set.of(ROOT, "io.panamio.net", "io.panamio.memory", "io.panamio.pipeline", "io.panamio.tls"),
            module.exports().stream().map(ModuleDescriptor.Exports::source).collect(Collectors.toSet()));
    }
}
