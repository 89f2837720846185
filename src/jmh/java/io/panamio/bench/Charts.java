package io.panamio.bench;

import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.CategoryStyler;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Bar charts from zero, with whiskers over the middle half of the values, and one colour for each contender. */
final class Charts {
    private static final Color RED = new Color(0xd1495b);
    private static final Color BLUE = new Color(0x30638e);
    private static final Map<String, Color> COLOURS = Map.ofEntries(
        Map.entry("c", new Color(0x9a9a9a)), Map.entry("c-spin", new Color(0xc8c8c8)),
        Map.entry("panamio", RED), Map.entry("panamio-spin", new Color(0xe8a0aa)),
        Map.entry("nio", BLUE), Map.entry("nio-short", new Color(0x8fb8de)),
        Map.entry("netty-epoll", new Color(0xedae49)), Map.entry("netty-uring", new Color(0x66a182)),
        Map.entry("netty-nio", new Color(0xc9b79c)),
        Map.entry("serve", RED), Map.entry("nio-serve", BLUE), Map.entry("nginx", new Color(0xa5c9a1)),
        Map.entry("nginx-cache", new Color(0x66a182)), Map.entry("nginx-push", new Color(0x3a6b4f)),
        Map.entry("proxy", RED), Map.entry("proxy-splice", new Color(0xe08a97)),
        Map.entry("proxy-copy", new Color(0xf0c4ca)), Map.entry("nio-proxy", BLUE),
        Map.entry("nginx-stream", new Color(0x66a182)), Map.entry("haproxy", new Color(0xedae49)),
        Map.entry("haproxy-splice", new Color(0xf5d190)), Map.entry("haproxy-auto", new Color(0xc98f1f)));
    private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    /**
     * The bars of a contender.
     *
     * @param name the contender
     * @param spreads one for each category; a bar is as high as the median
     */
    record Bars(String name, List<Spread> spreads) {
    }

    private Charts() {
    }

    static CategoryChart chart(String title, String unit, int width, int height, List<String> categories,
            List<Bars> contenders) {
        CategoryChart chart = new CategoryChartBuilder().title(title).yAxisTitle(unit).width(width).height(height)
            .build();
        CategoryStyler styler = chart.getStyler();
        styler.setLegendPosition(LegendPosition.OutsideS).setLegendLayout(LegendLayout.Horizontal);
        styler.setChartBackgroundColor(Color.WHITE).setPlotBorderVisible(false).setLegendBorderColor(Color.WHITE);
        styler.setYAxisMin(0.0).setPlotGridVerticalLinesVisible(false);
        styler.setAvailableSpaceFill(0.85);
        styler.setChartTitleFont(SMALL.deriveFont(Font.BOLD, 14)).setLegendFont(SMALL);
        styler.setAxisTickLabelsFont(SMALL).setAxisTitleFont(SMALL);
        styler.setErrorBarsColor(new Color(0x404040));
        for (Bars bars : contenders) {
            List<Double> medians = new ArrayList<>();
            List<Double> errors = new ArrayList<>();
            for (Spread spread : bars.spreads()) {
                boolean absent = spread == null || Double.isNaN(spread.median());
                medians.add(absent ? 0 : spread.median());
                errors.add(absent ? 0 : (spread.high() - spread.low()) / 2);
            }
            chart.addSeries(bars.name(), categories, medians, errors)
                .setFillColor(COLOURS.getOrDefault(bars.name(), Color.BLACK));
        }
        return chart;
    }

    /** Writes charts to one picture, in rows of {@code columns}. */
    static void write(Path file, int columns, List<CategoryChart> charts) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        String name = file.toString().replaceFirst("\\.png$", "");
        if (charts.size() == 1) {
            BitmapEncoder.saveBitmap(charts.get(0), name, BitmapFormat.PNG);
        } else {
            int rows = (charts.size() + columns - 1) / columns;
            BitmapEncoder.saveBitmap(new ArrayList<>(charts), rows, columns, name, BitmapFormat.PNG);
        }
    }
}
