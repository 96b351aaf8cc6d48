//! Colours that colour-blind readers can distinguish, on light and dark backgrounds. Combined with markers they give
//! each degree on a page its own look.

/// The number of colours.
pub const COLOURS: usize = 7;
/// The number of markers.
pub const MARKERS: usize = 4;
/// The look of a series in the colour of secondary text.
pub const MUTED: usize = usize::MAX;

/// The colours on a light background.
pub const LIGHT: [&str; COLOURS] =
    ["#184cab", "#d8430e", "#2f8a61", "#a20071", "#a878c0", "#37250c", "#3e7aff"];
/// The colours on a dark background.
pub const DARK: [&str; COLOURS] =
    ["#4aa8f0", "#e0662b", "#4fd6a0", "#c77fa8", "#f2d94e", "#dfeaf2", "#7a6cff"];

/// The colour of text, on a light and a dark background.
pub const INK: [&str; 2] = ["#24292f", "#e6e8ea"];
/// The colour of secondary text.
pub const SOFT: [&str; 2] = ["#57606a", "#a3abb3"];
/// The colour of grid lines.
pub const GRID: [&str; 2] = ["#d9dde1", "#373d45"];
/// The background.
pub const GROUND: [&str; 2] = ["#ffffff", "#16191e"];

#[cfg(test)]
mod tests {
    use super::*;

    type Rgb = [f64; 3];

    /// Linear light from a colour such as #184cab.
    fn linear(colour: &str) -> Rgb {
        [1, 3, 5].map(|i| {
            let value = f64::from(u8::from_str_radix(&colour[i..i + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: [[f64; 3]; 3], v: Rgb) -> Rgb {
        matrix.map(|row| row.iter().zip(v).map(|(m, x)| m * x).sum())
    }

    /// CIE L*a*b* from linear light.
    fn lab(rgb: Rgb) -> Rgb {
        let to_xyz = [
            [0.412_456_4 / 0.950_47, 0.357_576_1 / 0.950_47, 0.180_437_5 / 0.950_47],
            [0.212_672_9, 0.715_152_2, 0.072_175_0],
            [0.019_333_9 / 1.088_83, 0.119_192_0 / 1.088_83, 0.950_304_1 / 1.088_83],
        ];
        let f = times(to_xyz, rgb).map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
        [116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])]
    }

    fn luminance(colour: &str) -> f64 {
        linear(colour).iter().zip([0.2126, 0.7152, 0.0722]).map(|(c, w)| c * w).sum()
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Normal sight, and the three kinds of colour-blindness at full strength (Machado, Oliveira and Fernandes 2009).
    const SIGHT: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ];

    #[test]
    fn colours_are_distinguishable_by_the_colour_blind() {
        for colours in [LIGHT, DARK] {
            for sight in SIGHT {
                let seen = colours.map(|c| lab(times(sight, linear(c)).map(|x| x.clamp(0.0, 1.0))));
                for i in 0..COLOURS {
                    for j in 0..i {
                        let square: f64 = (0..3).map(|k| (seen[i][k] - seen[j][k]).powi(2)).sum();
                        // 2.3 is a just noticeable difference.
                        assert!(square.sqrt() > 15.0, "{} {} {}", colours[i], colours[j], square.sqrt());
                    }
                }
            }
        }
    }

    #[test]
    fn contrast_with_the_background_is_sufficient() {
        for (i, colours) in [LIGHT, DARK].into_iter().enumerate() {
            for colour in colours {
                // The thresholds of the Web Content Accessibility Guidelines for graphics and for text.
                assert!(contrast(colour, GROUND[i]) >= 3.0, "{colour}");
            }
            assert!(contrast(INK[i], GROUND[i]) >= 7.0 && contrast(SOFT[i], GROUND[i]) >= 4.5);
        }
    }
}
