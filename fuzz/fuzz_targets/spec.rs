//! Pipeline files in their three languages: looked at to the end, with places within the text, and
//! drawn in every form. The first byte chooses the language.
#![no_main]

use std::sync::LazyLock;

use faucet_stream::diagnostic::{Format, SourceText, render};
use faucet_stream::{Diagnostic, PipelineSpec, Registry, SpecFormat, Variable, registry, validate};

static REGISTRY: LazyLock<Registry> = LazyLock::new(registry);

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let format = match first % 3 {
        0 => SpecFormat::Yaml,
        1 => SpecFormat::Json,
        _ => SpecFormat::Toml,
    };
    if let Ok(text) = std::str::from_utf8(bytes) {
        let found = validate(&REGISTRY, text, format);
        prove(&SourceText::new(text), &found);
    }
    match PipelineSpec::parse_bytes(bytes, format, "fuzzed", |_| Variable::Unset) {
        Ok(spec) => {
            let verdict = spec.check(&REGISTRY);
            prove(&verdict.text, &verdict.diagnostics);
            assert!(verdict.is_refused() || verdict.pipeline.is_some());
        }
        Err(errors) => {
            assert!(!errors.diagnostics().is_empty());
            prove(errors.text(), errors.diagnostics());
        }
    }
});

/// Places lie within the text, and every form can be drawn.
fn prove(text: &SourceText, found: &[Diagnostic]) {
    for of in found {
        for span in of.span.iter().chain(&of.others) {
            assert!(span.start <= span.end && span.end <= text.text().len(), "{of:?}");
            assert!(text.text().get(span.start..span.end).is_some(), "{of:?}");
        }
        assert!(!of.message().is_empty(), "{of:?}");
    }
    let human = |color, width| Format::Human { color, width, command: "faucet" };
    let forms =
        [human(false, 140), human(true, 20), Format::Short, Format::Json, Format::Github];
    for form in forms {
        let drawn = render(&[(text, found)], form);
        // A file may be somebody else's: only the colours of ours drive a terminal.
        let drives = |c: char| c.is_control() && c != '\n';
        let plain = !matches!(form, Format::Human { color: true, .. });
        assert!(!plain || !drawn.contains(drives), "{drawn:?}");
    }
}
