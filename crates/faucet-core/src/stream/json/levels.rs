//! The instructions that tests try.

use fearless_simd::Level;

/// The levels of this machine. Without SIMD is one of them.
pub(crate) fn levels() -> Vec<Level> {
    let best = Level::new();
    let mut levels = vec![best, Level::fallback()];
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        use fearless_simd::Simd;
        levels.extend(best.as_avx2().map(Simd::level));
        levels.extend(best.as_sse4_2().map(Simd::level));
        levels.extend(best.as_sse2().map(Simd::level));
    }
    levels
}
