//! Pages of records as batches of rows.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use faucet_core::select::{Pointer, Pointers};
use faucet_core::{PayloadRef, RecordRef, StreamPage, json};

use crate::rows::cells::{Cells, Refused};
use crate::rows::{BadRow, Format};
use crate::schema::Column;

/// Makes batches of pages. A decoder keeps its memory from one page to the next.
#[derive(Debug)]
pub(crate) struct Decoder {
    format: Format,
    schema: SchemaRef,
    /// Where the value of each column stands in a JSON record.
    pointers: Pointers,
    cells: Vec<Cells>,
}

/// The rows of a page.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// The good rows, in order.
    pub(crate) batch: RecordBatch,
    /// When the record of each good row was received, in Unix milliseconds.
    pub(crate) times: Vec<i64>,
    /// The records that are no rows: the place in the page, and why.
    pub(crate) bad: Vec<(usize, BadRow)>,
}

impl Decoder {
    /// `columns`: those of the stream that the query reads, in the order of the batch. Text and bytes
    /// have one column at most.
    pub(crate) fn new(format: Format, columns: &[Column]) -> Self {
        let fields: Vec<_> = columns.iter().map(|column| column.kind.field(&column.name)).collect();
        let pointer = |column: &Column| {
            column.pointer.clone().unwrap_or_else(|| Pointer::default().join(&column.name))
        };
        Self {
            format,
            schema: Arc::new(Schema::new(fields)),
            pointers: Pointers::new(columns.iter().map(pointer)),
            cells: columns.iter().map(|column| Cells::new(column.kind)).collect(),
        }
    }

    /// The columns of the batches.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Makes a batch of the page. A bad row is left out whole.
    pub(crate) fn decode(&mut self, page: &StreamPage) -> Decoded {
        let mut times = Vec::with_capacity(page.len());
        let mut bad = Vec::new();
        for (index, record) in page.iter().enumerate() {
            let row = match self.format {
                Format::Json => self.push_object(&record),
                Format::Text => self.push_text(&record),
                Format::Bytes => self.push_whole(&record),
            };
            match row {
                Ok(()) => times.push(millis(&record)),
                Err(reason) => {
                    self.cells.iter_mut().for_each(|cells| cells.truncate(times.len()));
                    bad.push((index, reason));
                }
            }
        }
        let arrays = self.cells.iter_mut().map(Cells::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(times.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .expect("all columns have the same number of cells, of the types of the schema");
        Decoded { batch, times, bad }
    }

    /// Appends a row of the members of a JSON object. After an error some columns have a cell more.
    #[inline]
    fn push_object(&mut self, record: &RecordRef<'_>) -> Result<(), BadRow> {
        let text = record.as_bytes();
        if !matches!(record.payload(), PayloadRef::Json(_)) && json::check(text).is_err() {
            return Err(BadRow::NotJson);
        }
        if first_token(text) != Some(b'{') {
            return Err(BadRow::NotAnObject);
        }
        let Self { schema, pointers, cells, .. } = self;
        pointers.find_all(text, |found| {
            for (index, cells) in cells.iter_mut().enumerate() {
                let (value, inner);
                let pushed = if let Some(json) = found.get(index) {
                    value = json;
                    cells.push_json(json, true)
                } else if let Some(json) = found.read(index) {
                    inner = json;
                    value = &inner;
                    cells.push_json(&inner, false)
                } else {
                    cells.push_null();
                    continue;
                };
                pushed.map_err(|refused| bad_cell(schema, index, cells, value, refused))?;
            }
            Ok(())
        })
    }

    /// Appends a row of a text.
    fn push_text(&mut self, record: &RecordRef<'_>) -> Result<(), BadRow> {
        let is_checked = matches!(record.payload(), PayloadRef::Json(_) | PayloadRef::Text(_));
        if !is_checked && std::str::from_utf8(record.as_bytes()).is_err() {
            return Err(BadRow::NotText);
        }
        self.push_whole(record)
    }

    /// Appends a row of the bytes of a record.
    fn push_whole(&mut self, record: &RecordRef<'_>) -> Result<(), BadRow> {
        let Self { schema, cells, .. } = self;
        for (index, cells) in cells.iter_mut().enumerate() {
            let bytes = record.as_bytes();
            cells
                .push_bytes(bytes)
                .map_err(|refused| bad_cell(schema, index, cells, bytes, refused))?;
        }
        Ok(())
    }
}

#[cold]
fn bad_cell(
    schema: &Schema,
    index: usize,
    cells: &Cells,
    value: &[u8],
    refused: Refused,
) -> BadRow {
    let column = schema.field(index).name();
    match refused {
        Refused::Unfit => BadRow::wrong_type(column, cells.kind(), value),
        Refused::NoRoom => BadRow::NoRoom { column: column.clone() },
    }
}

/// The first byte that is no whitespace.
fn first_token(json: &[u8]) -> Option<u8> {
    json.iter().copied().find(|byte| !matches!(byte, b' ' | b'\n' | b'\t' | b'\r'))
}

fn millis(record: &RecordRef<'_>) -> i64 {
    i64::try_from(record.received_at().as_unix_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, AsArray, BinaryArray};
    use datafusion::arrow::datatypes::Int64Type;
    use datafusion::arrow::util::display::array_value_to_string;
    use faucet_core::{JsonText, Payload, Record, Timestamp};

    use super::*;
    use crate::schema::ColumnType;

    fn column(name: &str, kind: ColumnType) -> Column {
        Column { name: name.to_owned(), kind, pointer: None }
    }

    fn at(name: &str, kind: ColumnType, pointer: &str) -> Column {
        Column { pointer: Some(Pointer::parse(pointer).unwrap()), ..column(name, kind) }
    }

    fn record(payload: Payload, millis: u64) -> Record {
        Record::new(payload, Timestamp::from_unix_millis(millis))
    }

    fn json(text: &str) -> Payload {
        Payload::Json(JsonText::new(text.to_owned().into()).unwrap())
    }

    fn page(texts: &[&str]) -> StreamPage {
        texts.iter().zip(1..).map(|(text, millis)| record(json(text), millis)).collect()
    }

    /// The cells of a row as text; NULL is `None`.
    fn cells(batch: &RecordBatch, row: usize) -> Vec<Option<String>> {
        let cell = |array: &Arc<dyn Array>| {
            array.is_valid(row).then(|| array_value_to_string(array, row).unwrap())
        };
        batch.columns().iter().map(cell).collect()
    }

    /// The only cell that a column has of a record.
    fn cell(column: &Column, text: &str) -> Result<Option<String>, BadRow> {
        let mut decoder = Decoder::new(Format::Json, std::slice::from_ref(column));
        let Decoded { batch, times, mut bad } = decoder.decode(&page(&[text]));
        match bad.pop() {
            Some((0, reason)) => {
                assert_eq!((batch.num_rows(), times.len()), (0, 0));
                Err(reason)
            }
            _ => Ok(cells(&batch, 0).remove(0)),
        }
    }

    #[test]
    fn a_member_that_is_missing_or_null_is_null() {
        for kind in ColumnType::ALL {
            for text in ["{\"c\": null }", " {}", "{\"C\":1}", "{\"d\":{\"c\":1}}"] {
                assert_eq!(cell(&column("c", kind), text), Ok(None), "{kind} {text}");
            }
        }
        let text = "{ \"c\" : [ 1,\n0.10 ] , \"d\":1}";
        assert_eq!(cell(&column("c", ColumnType::Object), text), Ok(Some("[ 1,\n0.10 ]".into())));
    }

    #[test]
    fn columns_are_members_of_exactly_their_name() {
        let names = ["t", "T", "a/b", "~0", "", "0", "é", "a\"b"];
        let columns: Vec<_> = names.iter().map(|name| column(name, ColumnType::Long)).collect();
        let text =
            r#"{"a\"b":8,"\u00e9":7,"0":6,"":5,"~0":4,"a\/b":3,"T":2,"t":1,"~":9,"a":{"b":9}}"#;
        let mut decoder = Decoder::new(Format::Json, &columns);
        let decoded = decoder.decode(&page(&[text, r#"{"t":10,"T":20}"#, r#"{"T":2,"t":1}"#]));
        let row = |row| cells(&decoded.batch, row).into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(row(0), ["1", "2", "3", "4", "5", "6", "7", "8"]);
        assert_eq!(
            (row(1), row(2)),
            (vec!["10".into(), "20".into()], vec!["1".into(), "2".into()])
        );
    }

    #[test]
    fn of_two_members_of_one_name_the_last_counts() {
        let number = column("n", ColumnType::Long);
        for (text, expected) in [
            (r#"{"n":1,"n":2}"#, Some("2")),
            (r#"{"n":1,"n":null}"#, None),
            (r#"{"n":"x","\u006e":2}"#, Some("2")),
        ] {
            assert_eq!(cell(&number, text), Ok(expected.map(str::to_owned)), "{text}");
        }
        let inner = at("n", ColumnType::Long, "/a/n");
        assert_eq!(cell(&inner, r#"{"a":{"n":1},"a":{}}"#), Ok(None));
        assert!(cell(&number, r#"{"n":1,"n":"x"}"#).is_err());
    }

    #[test]
    fn pointers_lead_into_the_record() {
        use ColumnType::{Double, Long, Object, String};
        let columns = [
            at("price", Double, "/data/p"),
            at("first", Long, "/data/list/0"),
            at("last", Long, "/data/list/-1"),
            column("data", Object),
            at("inner", Long, "/text/n"),
            column("text", String),
            at("whole", Object, ""),
        ];
        let data = r#"{"p" : 1.5, "list":[1, 2]}"#;
        let text = format!(r#" {{"data": {data}, "text":"{{\"n\":7}}"}} "#);
        let mut decoder = Decoder::new(Format::Json, &columns);
        let decoded = decoder.decode(&page(&[&text, r#"{"data":7,"text":"n"}"#]));
        assert_eq!(decoded.bad, []);
        let expected = ["1.5", "1", "2", data, "7", r#"{"n":7}"#, text.trim()];
        assert_eq!(cells(&decoded.batch, 0).into_iter().flatten().collect::<Vec<_>>(), expected);
        let row = cells(&decoded.batch, 1);
        assert_eq!(
            (row[0].clone(), row[3].clone(), row[4].clone()),
            (None, Some("7".into()), None)
        );
    }

    #[test]
    fn json_inside_of_a_string_is_checked() {
        let column = at("o", ColumnType::Object, "/s/v");
        assert_eq!(cell(&column, r#"{"s":"{\"v\":[1]}"}"#), Ok(Some("[1]".into())));
        assert_eq!(cell(&column, r#"{"s":"{\"v\":[1}"}"#), Ok(None));
        let lone = r#"{"s":"{\"v\":\"\\ud800\"}"}"#;
        let wrong = BadRow::wrong_type("o", ColumnType::Object, br#""\ud800""#);
        assert_eq!(cell(&column, lone), Err(wrong));
    }

    #[test]
    fn a_bad_row_is_left_out_whole() {
        use ColumnType::{Bool, Bytes, Double, Float, Int, Long, Object, String};
        let kinds = [String, Int, Long, Float, Double, Bool, Object, Bytes];
        let columns: Vec<_> = kinds.iter().map(|kind| column(kind.as_str(), *kind)).collect();
        let good = |n: u32| {
            format!(
                r#"{{"STRING":"s{n}","INT":{n},"LONG":{n},"FLOAT":{n}.5,"DOUBLE":{n}.5,"BOOL":true,"OBJECT":[{n}],"BYTES":"YQ=="}}"#
            )
        };
        let bad = good(9).replace(r#""YQ==""#, "1");
        let first = good(9).replace(r#""s9""#, "[]");
        let texts = [&good(1)[..], "[1]", &bad, "{}", &first, "\"x\"", &good(2)];
        let mut decoder = Decoder::new(Format::Json, &columns);
        for _ in 0..2 {
            let Decoded { batch, times, bad } = decoder.decode(&page(&texts));
            assert_eq!((batch.num_rows(), &times[..]), (3, &[1, 4, 7][..]));
            assert_eq!(
                bad,
                [
                    (1, BadRow::NotAnObject),
                    (2, BadRow::wrong_type("BYTES", Bytes, b"1")),
                    (4, BadRow::wrong_type("STRING", String, b"[]")),
                    (5, BadRow::NotAnObject),
                ]
            );
            for (row, n) in [(0, 1), (2, 2)] {
                let expected = [
                    format!("s{n}"),
                    n.to_string(),
                    n.to_string(),
                    format!("{n}.5"),
                    format!("{n}.5"),
                    "true".into(),
                    format!("[{n}]"),
                    "61".into(),
                ];
                let found: Vec<_> = cells(&batch, row).into_iter().flatten().collect();
                assert_eq!(found, expected);
            }
            assert!(cells(&batch, 1).iter().all(Option::is_none));
        }
        assert_eq!(decoder.decode(&page(&[])).batch.num_rows(), 0);
    }

    #[test]
    fn payloads_that_are_no_json() {
        let payloads = [
            Payload::Text("ping".to_owned().into()),
            Payload::Binary(b"{\"n\":1}".to_vec().into()),
            Payload::Binary(b"\xff\x00".to_vec().into()),
            Payload::Text("{\"n\":2}".to_owned().into()),
            Payload::Binary(b"{\"n\":\"\xff\"}".to_vec().into()),
            json("{\"n\":3}"),
        ];
        let page: StreamPage = payloads.iter().map(|payload| record(payload.clone(), 5)).collect();
        let mut decoder = Decoder::new(Format::Json, &[column("n", ColumnType::Long)]);
        let Decoded { batch, bad, .. } = decoder.decode(&page);
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().values()[..], [1, 2, 3]);
        assert_eq!(bad, [0, 2, 4].map(|at| (at, BadRow::NotJson)));
        // A query that reads no column counts the same rows.
        let Decoded { batch, bad, times } = Decoder::new(Format::Json, &[]).decode(&page);
        assert_eq!((batch.num_rows(), batch.num_columns(), times.len()), (3, 0, 3));
        assert_eq!(bad.len(), 3);
        // Text and bytes.
        let mut decoder = Decoder::new(Format::Text, &[column("t", ColumnType::String)]);
        let Decoded { batch, bad, .. } = decoder.decode(&page);
        let texts: Vec<_> = batch.column(0).as_string::<i32>().iter().flatten().collect();
        assert_eq!(texts, ["ping", "{\"n\":1}", "{\"n\":2}", "{\"n\":3}"]);
        assert_eq!(bad, [2, 4].map(|at| (at, BadRow::NotText)));
        let mut decoder = Decoder::new(Format::Bytes, &[column("b", ColumnType::Bytes)]);
        let Decoded { batch, bad, .. } = decoder.decode(&page);
        let bytes: &BinaryArray = batch.column(0).as_binary();
        let expected: Vec<_> = payloads.iter().map(Payload::as_bytes).collect();
        assert_eq!(bytes.iter().flatten().collect::<Vec<_>>(), expected);
        assert_eq!(bad, []);
    }
}
