package puente.house;

import com.sun.source.tree.CaseTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ReturnTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.SwitchExpressionTree;
import com.sun.source.tree.SwitchTree;
import com.sun.source.tree.SynchronizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.lang.model.element.Modifier;
import org.jspecify.annotations.Nullable;

/** The house style, as far as a machine can read it. Each rule answers with complaints. */
final class Tidy {

  static final int MAX_FILE_LINES = 500;
  static final int MAX_FUNCTION_LINES = 70;
  static final int MAX_CASE_LINES = 12;
  static final int MAX_LINE_LENGTH = 110;

  private static final Pattern VAGUE_NAME =
      Pattern.compile("Util(?!i)|Helper|Manager|Impl(?![a-z])|^Abstract");
  // Spelt so that this file does not complain about itself.
  private static final Pattern UNFINISHED =
      Pattern.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b");
  private static final Pattern MACHINE_PATH =
      Pattern.compile("(?<![\\w.~$}])/(home|Users|root|work)/[\\w.-]");

  /** Where packets run: nothing there waits for another thread. */
  private static final Set<String> PACKET_ROAD =
      Set.of("puente.stun", "puente.net", "puente.turn", "puente.turn.relay");

  /** In those packages, but asked when a connection opens or closes, never by packet. */
  private static final Set<String> OFF_THE_ROAD = Set.of("StreamAdmission.java");

  private Tidy() {}

  /** Rules for every text file. */
  static List<String> text(String path, String text) {
    List<String> complaints = new ArrayList<>();
    if (!text.isEmpty() && !text.endsWith("\n")) {
      complaints.add(path + ": no newline at the end");
    }
    String[] lines = text.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      String at = path + ":" + (i + 1);
      if (MACHINE_PATH.matcher(lines[i]).find()) {
        complaints.add(at + ": a path of somebody's machine");
      }
      if (UNFINISHED.matcher(lines[i]).find()) {
        complaints.add(at + ": unfinished business");
      }
    }
    return complaints;
  }

  static List<String> java(JavaSource source) {
    List<String> complaints = text(source.path(), source.text());
    String[] lines = source.text().split("\n");
    if (lines.length > MAX_FILE_LINES) {
      complaints.add(source.path() + ": " + lines.length + " lines, at most " + MAX_FILE_LINES);
    }
    for (int i = 0; i < lines.length; i++) {
      String at = source.path() + ":" + (i + 1);
      if (lines[i].indexOf('\t') >= 0) {
        complaints.add(at + ": a tab");
      }
      if (lines[i].length() > MAX_LINE_LENGTH) {
        complaints.add(at + ": longer than " + MAX_LINE_LENGTH);
      }
    }
    source.tree().accept(new Rules(source, complaints), null);
    return complaints;
  }

  /** Every package that holds sources says in one module that it is null-marked. */
  static List<String> packages(List<JavaSource> sources) {
    Set<String> marked =
        sources.stream()
            .filter(source -> source.path().endsWith("package-info.java"))
            .filter(source -> source.text().contains("@NullMarked"))
            .map(JavaSource::packageName)
            .collect(Collectors.toSet());
    Set<String> unmarked = new TreeSet<>();
    for (JavaSource source : sources) {
      if (!marked.contains(source.packageName())) {
        unmarked.add(source.packageName() + ": no null-marked package-info.java");
      }
    }
    return List.copyOf(unmarked);
  }

  private static final class Rules extends TreeScanner<@Nullable Void, @Nullable Void> {
    private final JavaSource source;
    private final List<String> complaints;

    Rules(JavaSource source, List<String> complaints) {
      this.source = source;
      this.complaints = complaints;
    }

    private void complain(Tree part, String about) {
      complaints.add(source.at(part) + ": " + about);
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, @Nullable Void none) {
      if (VAGUE_NAME.matcher(type.getSimpleName()).find()) {
        complain(type, type.getSimpleName() + " says nothing");
      }
      return super.visitClass(type, none);
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void none) {
      int lines = method.getBody() == null ? 0 : source.lines(method.getBody());
      if (lines > MAX_FUNCTION_LINES && !isFlatSwitch(method)) {
        complain(
            method, method.getName() + " has " + lines + " lines, at most " + MAX_FUNCTION_LINES);
      }
      if (onPacketRoad() && method.getModifiers().getFlags().contains(Modifier.SYNCHRONIZED)) {
        complain(method, "synchronized where packets run");
      }
      return super.visitMethod(method, none);
    }

    @Override
    public @Nullable Void visitSynchronized(SynchronizedTree block, @Nullable Void none) {
      if (onPacketRoad()) {
        complain(block, "synchronized where packets run");
      }
      return super.visitSynchronized(block, none);
    }

    @Override
    public @Nullable Void visitMemberSelect(MemberSelectTree select, @Nullable Void none) {
      if (select.getIdentifier().contentEquals("sleep")) {
        complain(select, "a sleep: wait for what happens, not for time");
      }
      return super.visitMemberSelect(select, none);
    }

    private boolean onPacketRoad() {
      return !source.isTest()
          && PACKET_ROAD.contains(source.packageName())
          && OFF_THE_ROAD.stream().noneMatch(name -> source.path().endsWith("/" + name));
    }

    /** One switch and nothing else, each of its cases short. */
    private boolean isFlatSwitch(MethodTree method) {
      List<? extends StatementTree> body = method.getBody().getStatements();
      if (body.size() != 1) {
        return false;
      }
      Tree only =
          body.getFirst() instanceof ReturnTree back ? back.getExpression() : body.getFirst();
      List<? extends CaseTree> cases =
          switch (only) {
            case SwitchTree statement -> statement.getCases();
            case SwitchExpressionTree expression -> expression.getCases();
            case null, default -> List.of();
          };
      return !cases.isEmpty()
          && cases.stream().allMatch(one -> source.lines(one) <= MAX_CASE_LINES);
    }
  }
}
