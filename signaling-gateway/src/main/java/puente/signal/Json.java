package puente.signal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON (RFC 8259) as maps, lists, texts, numbers and booleans. The reader is strict and has bounds:
 * nothing that a stranger sends can nest deep, repeat a name or hold a number too long to handle.
 */
final class Json {
  static final int DEPTH_MAX = 16;
  static final int NUMBER_LENGTH_MAX = 40;
  static final int NAME_LENGTH_MAX = 256;
  static final int TEXT_LENGTH_MAX = 0x1_0000;

  /** Values of one text, so that many small ones do not become much memory. */
  static final int VALUES_MAX = 4096;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEPTH_MAX)
                  .maxNumberLength(NUMBER_LENGTH_MAX)
                  .maxNameLength(NAME_LENGTH_MAX)
                  .maxStringLength(TEXT_LENGTH_MAX)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names of strangers are not worth remembering.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  /** Text that is not JSON, or more of it than anybody needs. */
  static final class Malformed extends Exception {
    @java.io.Serial private static final long serialVersionUID = 1;

    Malformed(String why) {
      // Built for each bad message: without a stack trace, which costs most.
      super(why, null, false, false);
    }

    String why() {
      return String.valueOf(getMessage());
    }
  }

  /** A value that is JSON already and is passed on as it came. */
  record Raw(String text) {}

  private Json() {}

  /** Reads one value; null is JSON's null. */
  static @Nullable Object read(String text) throws Malformed {
    try (JsonParser parser = FACTORY.createParser(text.toCharArray())) {
      parser.nextToken();
      Object value = new Reader(parser).value();
      if (parser.nextToken() != null) {
        throw new Malformed("more than one JSON value");
      }
      return value;
    } catch (IOException | NumberFormatException malformed) {
      throw new Malformed("not JSON, or too deep, or with a name twice");
    }
  }

  /** Reads an object. */
  static Map<String, @Nullable Object> object(String text) throws Malformed {
    if (read(text) instanceof Map<?, ?> map) {
      return checked(map);
    }
    throw new Malformed("not a JSON object");
  }

  @SuppressWarnings("unchecked") // The reader makes maps with texts as keys only.
  static Map<String, @Nullable Object> checked(Map<?, ?> map) {
    return (Map<String, @Nullable Object>) map;
  }

  static String write(@Nullable Object value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      write(value, generator);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return text.toString();
  }

  private static void write(@Nullable Object value, JsonGenerator to) throws IOException {
    switch (value) {
      case null -> to.writeNull();
      case Raw raw -> to.writeRawValue(raw.text);
      case Integer number -> to.writeNumber(number);
      case Long number -> to.writeNumber(number);
      case Number number -> to.writeNumber(number.toString());
      case Boolean bool -> to.writeBoolean(bool);
      case Map<?, ?> map -> {
        to.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          to.writeFieldName(String.valueOf(entry.getKey()));
          write(entry.getValue(), to);
        }
        to.writeEndObject();
      }
      case Collection<?> list -> {
        to.writeStartArray();
        for (Object one : list) {
          write(one, to);
        }
        to.writeEndArray();
      }
      default -> to.writeString(value.toString());
    }
  }

  private static final class Reader {
    private final JsonParser parser;
    private int values;

    Reader(JsonParser parser) {
      this.parser = parser;
    }

    @Nullable Object value() throws IOException, Malformed {
      if (++values > VALUES_MAX) {
        throw new Malformed("more than " + VALUES_MAX + " values");
      }
      JsonToken token = parser.currentToken();
      if (token == null) {
        throw new Malformed("nothing");
      }
      return switch (token) {
        case START_OBJECT -> map();
        case START_ARRAY -> list();
        case VALUE_STRING -> parser.getText();
        case VALUE_NUMBER_INT -> integer();
        case VALUE_NUMBER_FLOAT -> fraction();
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        case VALUE_NULL -> null;
        default -> throw new Malformed("not JSON");
      };
    }

    private Object integer() throws IOException {
      return parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          ? new Raw(parser.getText())
          : parser.getLongValue();
    }

    /** As it was written: a number that is only passed on keeps all its digits. */
    private Object fraction() throws IOException {
      return new Raw(parser.getText());
    }

    private Map<String, @Nullable Object> map() throws IOException, Malformed {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        map.put(name, value());
      }
      return map;
    }

    private List<@Nullable Object> list() throws IOException, Malformed {
      List<@Nullable Object> list = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        list.add(value());
      }
      return list;
    }
  }
}
