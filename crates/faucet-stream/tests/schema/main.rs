#[test]
fn dump_() {
    let s = faucet_stream::schema(&faucet_stream::registry());
    std::fs::write("/tmp/yls/pipeline.json", format!("{s:#}")).unwrap();
    jsonschema::draft202012::meta::validate(&s).unwrap();
}
