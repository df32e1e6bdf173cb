package puente.house;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** One Java file: its text, and its tree as the compiler's parser sees it. */
record JavaSource(String path, String text, CompilationUnitTree tree, SourcePositions positions) {

  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  static JavaSource parse(String path, String text) {
    return parse(new TreeMap<>(Map.of(path, text))).getFirst();
  }

  static List<JavaSource> ofRepository() {
    SortedMap<String, String> textByPath = new TreeMap<>();
    for (Path file : Repository.files("java")) {
      textByPath.put(Repository.ROOT.relativize(file).toString(), Repository.text(file));
    }
    return parse(textByPath);
  }

  /** All in one task: starting the compiler takes longer than parsing a file. */
  private static List<JavaSource> parse(SortedMap<String, String> textByPath) {
    List<JavaFileObject> files = new ArrayList<>();
    textByPath.forEach((path, text) -> files.add(inMemory(path, text)));
    JavacTask task = (JavacTask) COMPILER.getTask(null, null, d -> {}, null, null, files);
    SourcePositions positions = Trees.instance(task).getSourcePositions();
    List<JavaSource> sources = new ArrayList<>();
    try {
      Iterator<? extends CompilationUnitTree> trees = task.parse().iterator();
      textByPath.forEach(
          (path, text) -> sources.add(new JavaSource(path, text, trees.next(), positions)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sources;
  }

  static JavaFileObject inMemory(String path, String text) {
    URI uri = URI.create("string:///" + path);
    return new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }

  boolean isTest() {
    return path.contains("src/test/");
  }

  String packageName() {
    return tree.getPackageName() == null ? "" : tree.getPackageName().toString();
  }

  int start(Tree part) {
    return (int) positions.getStartPosition(tree, part);
  }

  int end(Tree part) {
    return (int) positions.getEndPosition(tree, part);
  }

  int line(int position) {
    return (int) tree.getLineMap().getLineNumber(position);
  }

  int lines(Tree part) {
    return line(end(part)) - line(start(part)) + 1;
  }

  /** Where a complaint points: path and line, as editors open it. */
  String at(Tree part) {
    return path + ":" + line(start(part));
  }
}
