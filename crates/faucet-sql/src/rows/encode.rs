//! Batches of rows as records.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_json::writer::{EncoderOptions, make_encoder};
use bytes::Bytes;
use datafusion::arrow::array::{Array as _, RecordBatch, StructArray};
use datafusion::arrow::datatypes::{Field, Schema};
use faucet_core::{Batch, Chunk, PageBuilder, Payload, Record, Text, Timestamp};

use crate::rows::lines::{Lines, TooLong};
use crate::rows::{EncodeError, Format, json_writer, single};

/// The records of a result are put into chunks of about so many bytes: one record that is kept for long
/// keeps no large result alive.
const CHUNK: usize = 256 << 10;

/// Makes records of batches.
#[derive(Debug)]
pub(crate) struct Encoder {
    format: Format,
    options: EncoderOptions,
}

impl Encoder {
    /// `schema`: of the query's result.
    ///
    /// # Errors
    /// Text and bytes take one column of their type; JSON takes all types but a few.
    pub(crate) fn new(format: Format, schema: &Schema) -> Result<Self, EncodeError> {
        let encoder = Self { format, options: json_writer::options() };
        if format == Format::Json {
            let mut names = HashSet::new();
            if let Some(field) = schema.fields().iter().find(|field| !names.insert(field.name())) {
                return Err(EncodeError::SameName { column: field.name().clone() });
            }
            let none = RecordBatch::new_empty(Arc::new(schema.clone()));
            encoder.encode(&none, |_| Timestamp::from_unix_millis(0), &mut PageBuilder::new())?;
            return Ok(encoder);
        }
        let [field] = &schema.fields()[..] else {
            return Err(EncodeError::Columns { format, columns: schema.fields().len() });
        };
        let kind = field.data_type();
        if single::is_text(kind) || (format == Format::Bytes && single::is_bytes(kind)) {
            return Ok(encoder);
        }
        let (column, kind) = (field.name().clone(), kind.clone());
        Err(EncodeError::WrongColumn { format, column, kind })
    }

    /// Appends one record a row. `at(row)` is the time that the record gets. A JSON record has a member
    /// for each column in order, also for NULL. A record of text or bytes is empty for NULL: each row has
    /// its record.
    ///
    /// # Errors
    /// After an error `page` may have some of the records.
    pub(crate) fn encode(
        &self,
        batch: &RecordBatch,
        at: impl Fn(usize) -> Timestamp,
        page: &mut PageBuilder,
    ) -> Result<(), EncodeError> {
        page.reserve(batch.num_rows());
        match self.format {
            Format::Json => self.encode_json(batch, at, page),
            Format::Text => {
                encode_single(batch, at, page, |bytes| Payload::Text(Text::from_checked(bytes)))
            }
            Format::Bytes => encode_single(batch, at, page, Payload::Binary),
        }
    }

    fn encode_json(
        &self,
        batch: &RecordBatch,
        at: impl Fn(usize) -> Timestamp,
        page: &mut PageBuilder,
    ) -> Result<(), EncodeError> {
        let rows = StructArray::from(batch.clone());
        let field = Arc::new(Field::new("", rows.data_type().clone(), false));
        let mut encoder =
            make_encoder(&field, &rows, &self.options).map_err(EncodeError::NoJson)?;
        let (mut lines, mut times) = (Lines::default(), Vec::new());
        for row in 0..batch.num_rows() {
            lines.push(|out| encoder.encode(row, out)).map_err(|TooLong| EncodeError::TooLong)?;
            times.push(at(row));
            if lines.bytes.len() >= CHUNK {
                push_lines(std::mem::take(&mut lines), &times, page)?;
                times.clear();
            }
        }
        push_lines(lines, &times, page)
    }
}

/// Appends the texts as records. The records of a time that stand together become one batch.
fn push_lines(
    lines: Lines,
    times: &[Timestamp],
    page: &mut PageBuilder,
) -> Result<(), EncodeError> {
    let payload = lines.check().map_err(EncodeError::BadJson)?;
    let chunk = Bytes::from(lines.bytes);
    let mut rest = &lines.spans[..];
    for run in times.chunk_by(PartialEq::eq) {
        let (spans, behind) = rest.split_at(run.len());
        rest = behind;
        page.push_batch(&Batch {
            chunk: Chunk::Shared(&chunk),
            spans,
            payload,
            received_at: run[0],
            envelope: None,
        });
    }
    Ok(())
}

/// Appends one record for each value of the only column.
fn encode_single(
    batch: &RecordBatch,
    at: impl Fn(usize) -> Timestamp,
    page: &mut PageBuilder,
    payload: impl Fn(Bytes) -> Payload,
) -> Result<(), EncodeError> {
    let (bytes, ends) = single::join(batch.column(0)).map_err(EncodeError::Unread)?;
    let bytes = Bytes::from(bytes);
    let mut from = 0;
    for (row, end) in ends.into_iter().enumerate() {
        page.push(Record::new(payload(bytes.slice(from..end)), at(row)));
        from = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{
        ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, DictionaryArray, Int64Array,
        LargeBinaryArray, LargeStringArray, StringArray, StringViewArray,
    };
    use datafusion::arrow::datatypes::{DataType, Int32Type};
    use faucet_core::StreamPage;

    use super::*;
    use crate::schema::ColumnType;

    const TEXTS: [Option<&str>; 3] = [Some("a\n\"b\""), None, Some("")];
    const BYTES: [Option<&[u8]>; 3] = [Some(b"\xff\x00a"), None, Some(b"")];

    fn batch(columns: Vec<(Field, ArrayRef)>) -> RecordBatch {
        let (fields, arrays): (Vec<_>, _) = columns.into_iter().unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    }

    fn column(array: impl datafusion::arrow::array::Array + 'static) -> (Field, ArrayRef) {
        (Field::new("c", array.data_type().clone(), true), Arc::new(array))
    }

    fn encoded(format: Format, batch: &RecordBatch) -> Result<StreamPage, EncodeError> {
        let encoder = Encoder::new(format, &batch.schema())?;
        let mut page = PageBuilder::new();
        let at = |row| Timestamp::from_unix_millis(10 + row as u64);
        encoder.encode(batch, at, &mut page)?;
        Ok(page.take())
    }

    fn texts(page: &StreamPage) -> Vec<String> {
        page.iter().map(|record| String::from_utf8(record.as_bytes().to_vec()).unwrap()).collect()
    }

    #[test]
    fn a_row_is_an_object_with_all_columns_in_order() {
        let rows = batch(vec![
            (ColumnType::Long.field("z"), Arc::new(Int64Array::from(vec![Some(i64::MAX), None]))),
            (ColumnType::String.field("a\"b"), Arc::new(StringArray::from(vec!["é", "\n"]))),
            (ColumnType::Bool.field("Z"), Arc::new(BooleanArray::from(vec![true, false]))),
        ]);
        let page = encoded(Format::Json, &rows).unwrap();
        assert_eq!(
            texts(&page),
            [
                r#"{"z":9223372036854775807,"a\"b":"é","Z":true}"#,
                r#"{"z":null,"a\"b":"\n","Z":false}"#
            ]
        );
        let records = page.into_records();
        assert!(records.iter().all(|record| matches!(record.payload(), Payload::Json(_))));
        let times = records.iter().map(|record| record.received_at().as_unix_millis());
        assert_eq!(times.collect::<Vec<_>>(), [10, 11]);
        // A result may have no columns.
        let none = StructArray::new_empty_fields(2, None);
        let page = encoded(Format::Json, &RecordBatch::from(none)).unwrap();
        assert_eq!(texts(&page), ["{}", "{}"]);
    }

    #[test]
    fn a_large_result_keeps_its_order_and_its_times() {
        let numbers = Int64Array::from_iter_values(0..40_000);
        let rows = batch(vec![column(numbers)]);
        let encoder = Encoder::new(Format::Json, &rows.schema()).unwrap();
        let mut page = PageBuilder::new();
        let time = |row: usize| row as u64 / 7;
        encoder.encode(&rows, |row| Timestamp::from_unix_millis(time(row)), &mut page).unwrap();
        let page = page.take();
        assert!(page.payload_bytes() > CHUNK);
        assert_eq!(page.len(), 40_000);
        for (row, record) in page.iter().enumerate() {
            assert_eq!(record.as_bytes(), format!("{{\"c\":{row}}}").as_bytes());
            assert_eq!(record.received_at().as_unix_millis(), time(row));
        }
    }

    #[test]
    fn an_object_that_is_too_deep_inside_of_a_record_is_an_error() {
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        let rows =
            batch(vec![(ColumnType::Object.field("o"), Arc::new(StringArray::from(vec![deep])))]);
        let error = encoded(Format::Json, &rows).unwrap_err();
        assert!(matches!(error, EncodeError::BadJson(_)), "{error:?}");
    }

    #[test]
    fn text_and_bytes_are_the_only_column() {
        let dictionary: DictionaryArray<Int32Type> = TEXTS.into_iter().collect();
        for column in [
            column(TEXTS.into_iter().collect::<StringArray>()),
            column(TEXTS.into_iter().collect::<LargeStringArray>()),
            column(TEXTS.into_iter().collect::<StringViewArray>()),
            column(dictionary),
        ] {
            let rows = batch(vec![column]);
            for (format, payload) in [
                (Format::Text, Payload::Text(TEXTS[0].unwrap().to_owned().into())),
                (Format::Bytes, Payload::Binary(TEXTS[0].unwrap().into())),
            ] {
                let page = encoded(format, &rows).unwrap();
                assert_eq!(texts(&page), ["a\n\"b\"", "", ""]);
                let first = page.into_records().remove(0);
                assert_eq!(first, Record::new(payload, Timestamp::from_unix_millis(10)));
            }
        }
        for column in [
            column(BYTES.into_iter().collect::<BinaryArray>()),
            column(BYTES.into_iter().collect::<LargeBinaryArray>()),
            column(BYTES.into_iter().collect::<BinaryViewArray>()),
        ] {
            let page = encoded(Format::Bytes, &batch(vec![column])).unwrap();
            let found: Vec<_> = page.iter().map(|record| record.as_bytes()).collect();
            assert_eq!(found, [&b"\xff\x00a"[..], b"", b""]);
        }
    }

    #[test]
    fn results_of_another_shape_are_refused_at_once() {
        use ColumnType::{Bytes, Long, String};
        for (format, columns, sentence) in [
            (
                Format::Text,
                vec![],
                "a record in the format `text` is one column, and the result has 0",
            ),
            (
                Format::Bytes,
                vec![Bytes, Bytes],
                "a record in the format `bytes` is one column, and the result has 2",
            ),
            (
                Format::Text,
                vec![Bytes],
                "a record in the format `text` is a column of STRING, and `c` is of the type Binary",
            ),
            (
                Format::Bytes,
                vec![Long],
                "a record in the format `bytes` is a column of BYTES or STRING, and `c` is of the \
                 type Int64",
            ),
        ] {
            let fields: Vec<_> = columns.iter().map(|kind| kind.field("c")).collect();
            let error = Encoder::new(format, &Schema::new(fields)).unwrap_err();
            assert_eq!(error.to_string(), sentence);
        }
        for (format, kind) in
            [(Format::Text, String), (Format::Bytes, String), (Format::Bytes, Bytes)]
        {
            assert!(Encoder::new(format, &Schema::new(vec![kind.field("c")])).is_ok());
        }
        let twice = Schema::new(vec![Long.field("id"), String.field("Id"), Long.field("id")]);
        assert_eq!(
            Encoder::new(Format::Json, &twice).unwrap_err().to_string(),
            "the result has two columns named `id`: rename one of them with AS"
        );
        let entries = vec![
            Field::new("key", DataType::Int32, false),
            Field::new("value", DataType::Int32, true),
        ];
        let entries = Field::new_struct("entries", entries, false);
        let map = DataType::Map(Arc::new(entries), false);
        let schema = Schema::new(vec![Field::new("c", map, true)]);
        let error = Encoder::new(Format::Json, &schema).unwrap_err();
        assert!(matches!(error, EncodeError::NoJson(_)), "{error:?}");
    }
}
