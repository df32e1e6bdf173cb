package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that nobody means well with: each is refused by a code, and none by an exception. */
class HostileSignalsTest {

  /** Not the language at all: the connection ends with 4000. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "x",
        "{",
        "[]",
        "1",
        "null",
        "true",
        "'text'",
        "{'t':'ping'",
        "{'t':'ping'}}",
        "{'t':'ping'}{'t':'ping'}",
        "{t:'ping'}",
        "{'t':'ping',}",
        "{'t':'ping','t':'bye'}",
        "{'t':'ping','d':{'a':1,'a':2}}",
        "{'t':'ping','d':{'n':NaN}}",
        "{'t':'ping','d':{'n':01}}",
        "{'t':'ping','d':{'n':1e999999999999999999999999999999999999999999}}",
        "{'t':'ping','d':'\u0000'}",
        "/**/{'t':'ping'}",
        "{'t':'ping'} // bye"
      })
  void hopeless(String text) {
    RoomsLab lab = new RoomsLab(1);
    var ana = lab.connects("ana");
    ana.says(text).fails("bad-request");
    assertEquals(4000, ana.closed, text);
  }

  @Test
  void bombs() {
    RoomsLab lab = new RoomsLab(1);
    for (String bomb :
        new String[] {
          "{'t':'msg','room':'r','d':" + "{'a':".repeat(50_000) + "1" + "}".repeat(50_000) + "}",
          "{'t':'msg','room':'r','d':{'a':" + "[".repeat(5000) + "]".repeat(5000) + "}}",
          "{'t':'msg','room':'r','d':{'a':[" + "0,".repeat(30_000) + "0]}}",
          "{'t':'msg','room':'r','d':{'n':" + "9".repeat(60_000) + "}}",
          "{'" + "n".repeat(60_000) + "':1}",
        }) {
      var ana = lab.connects("ana");
      ana.says(bomb).fails("bad-request");
      assertEquals(4000, ana.closed);
      lab.waits(31_000);
    }
  }

  /** The language, but nonsense: an error, and the connection goes on for a while. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'t':1}",
        "{'t':null}",
        "{'t':'nonsense'}",
        "{'t':'welcome'}",
        "{'t':'ping','id':1}",
        "{'t':'ping','id':{}}",
        "{'t':'ping','d':1}",
        "{'t':'ping','d':[]}",
        "{'t':'join'}",
        "{'t':'join','room':''}",
        "{'t':'join','room':1}",
        "{'t':'join','room':null}",
        "{'t':'join','room':'a\\u0000b'}",
        "{'t':'join','room':'a\\nb'}",
        "{'t':'join','room':'\\u202eabc'}",
        "{'t':'join','room':'\\ud800'}",
        "{'t':'join','room':'demo','d':{'meta':1}}",
        "{'t':'join','room':'demo','d':{'meta':[]}}",
        "{'t':'join','room':'demo','d':{'presence':'x'}}",
        "{'t':'kick','room':'demo'}",
        "{'t':'kick','room':'demo','to':1}",
        "{'t':'msg','room':'demo','echo':1}",
        "{'t':'msg','room':'demo','to':[],'d':{}}",
        "{'t':'msg','room':'demo','d':{'k':1}}",
        "{'t':'msg','room':'demo','d':{'k':'eval'}}",
        "{'t':'msg','room':'demo','d':{'k':'app','neg':-1}}",
        "{'t':'msg','room':'demo','d':{'k':'app','neg':1.5}}",
        "{'t':'msg','room':'demo','d':{'k':'app','neg':'1'}}",
        "{'t':'msg','room':'demo','d':{'k':'app','neg':99999999999999999999}}",
        "{'t':'msg','room':'demo','d':{'k':'description'}}",
        "{'t':'msg','room':'demo','d':{'k':'description','description':'v=0'}}",
        "{'t':'msg','room':'demo','d':{'k':'description','description':{'type':'evil'}}}",
        "{'t':'msg','room':'demo','d':{'k':'description','description':{'type':'offer','sdp':1}}}",
        "{'t':'msg','room':'demo','d':{'k':'candidate','candidate':1}}",
        "{'t':'msg','room':'demo','d':{'k':'candidate','candidate':{}}}",
        "{'t':'msg','room':'demo','d':{'k':'candidates'}}",
        "{'t':'msg','room':'demo','d':{'k':'candidates','candidates':{}}}",
        "{'t':'msg','room':'demo','d':{'k':'candidates','candidates':[1]}}",
        "{'t':'hello','d':{'token':1}}",
        "{'t':'hello','d':{'peerId':{}}}",
        "{'t':'hello','d':{'resume':1}}",
        "{'t':'hello','d':{'resume':{'sid':'a'}}}",
        "{'t':'hello','d':{'resume':{'sid':'a','key':'b','lastSeq':-1}}}"
      })
  void nonsense(String text) {
    RoomsLab lab = new RoomsLab(1);
    var ana = lab.joins("ana", "demo");
    ana.says(text).fails("bad-request");
    assertEquals(0, ana.closed);
    for (int i = 0; i < 9; i++) {
      ana.says(text);
    }
    assertEquals(4000, ana.closed, "ten are enough");
  }

  @Test
  void whatIsToldToEverybodyIsSmall() {
    RoomsLab lab = new RoomsLab(1);
    var ana = lab.joins("ana", "demo");
    String much = "{'x':'" + "y".repeat(4096) + "'}";
    ana.says("{'t':'join','room':'demo','d':{'meta':" + much + "}}").fails("message-too-large");
    ana.says("{'t':'presence','room':'demo','d':{'presence':" + much + "}}")
        .fails("message-too-large");
    String many = "null,".repeat(64) + "null";
    ana.says("{'t':'msg','room':'demo','d':{'k':'candidates','candidates':[" + many + "]}}")
        .fails("bad-request");
    String longRoom = "r".repeat(129);
    ana.says("{'t':'join','room':'" + longRoom + "'}").fails("bad-request");
  }

  /** Who shows a token must not find it in a log. */
  @Test
  void secretsAreNotPrinted() throws SignalParser.Refused {
    Signal.FromClient hello = SignalParser.parse("{\"t\":\"hello\",\"d\":{\"token\":\"s3cret\"}}");
    assertTrue(!hello.toString().contains("s3cret"));
    assertThrows(SignalParser.Refused.class, () -> SignalParser.parse("s3cret"));
  }
}
