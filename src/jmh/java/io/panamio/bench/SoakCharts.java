package io.panamio.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Draws the samples of soaks, which {@code src/test/soak} has written. */
@Command(name = "soak", mixinStandardHelpOptions = true, description = "Draws the samples of soaks.")
final class SoakCharts implements Callable<Integer> {
    /** What is drawn: the column, its title, and by what it is divided. */
    private static final Map<String, Map.Entry<String, Double>> PANELS = new LinkedHashMap<>();

    static {
        PANELS.put("calls", Map.entry("calls of the library, in millions", 1e6));
        PANELS.put("heap", Map.entry("reachable heap, MiB", 1024.0));
        PANELS.put("resident", Map.entry("resident memory, MiB", 1024.0));
        PANELS.put("descriptors", Map.entry("descriptors", 1.0));
        PANELS.put("mappings", Map.entry("mappings", 1.0));
        PANELS.put("wake_to_jdk", Map.entry("wake, % of a JDK selector's wakeup", 1.0));
    }

    @Parameters(arity = "1..*", paramLabel = "CSV", description = "The samples; a file's name names its back end.")
    private List<Path> files;

    @Option(names = "--picture", defaultValue = "src/site/resources/reliability/soak.png", paramLabel = "FILE",
        description = "Default: ${DEFAULT-VALUE}.")
    private Path picture;

    @Override
    public Integer call() throws IOException {
        List<XYChart> charts = new ArrayList<>();
        for (Map.Entry<String, Map.Entry<String, Double>> panel : PANELS.entrySet()) {
            XYChart chart = new XYChartBuilder().title(panel.getValue().getKey()).xAxisTitle("minutes").width(560)
                .height(320).build();
            chart.getStyler().setLegendPosition(LegendPosition.OutsideS).setLegendLayout(LegendLayout.Horizontal)
                .setChartBackgroundColor(Color.WHITE).setPlotBorderVisible(false).setLegendBorderColor(Color.WHITE);
            chart.getStyler().setYAxisMin(0.0);
            for (Path file : files) {
                List<String> lines = Files.readAllLines(file);
                List<String> columns = List.of(lines.getFirst().split(","));
                chart.addSeries(file.getFileName().toString().replaceAll("soak-|\\.csv", ""),
                    column(lines, columns.indexOf("seconds"), 60),
                    column(lines, columns.indexOf(panel.getKey()), panel.getValue().getValue()))
                    .setMarker(SeriesMarkers.NONE).setLineWidth(1.5f);
            }
            charts.add(chart);
        }
        Files.createDirectories(picture.toAbsolutePath().getParent());
        BitmapEncoder.saveBitmap(charts, charts.size() / 2, 2, picture.toString().replaceFirst("\\.png$", ""),
            BitmapFormat.PNG);
        return 0;
    }

    private static double[] column(List<String> lines, int column, double unit) {
        return lines.stream().skip(1).mapToDouble(line -> Double.parseDouble(line.split(",")[column]) / unit).toArray();
    }
}
