package puente.house;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** One Java file: its text, and its tree as the compiler's parser sees it. */
record JavaSource(String path, String text, CompilationUnitTree tree, SourcePositions positions) {

  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  static JavaSource parse(String path, String text) {
    try {
      JavacTask task =
          (JavacTask)
              COMPILER.getTask(null, null, d -> {}, null, null, List.of(inMemory(path, text)));
      CompilationUnitTree tree = task.parse().iterator().next();
      return new JavaSource(path, text, tree, Trees.instance(task).getSourcePositions());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<JavaSource> ofRepository() {
    return Repository.files("java").stream()
        .map(file -> parse(Repository.ROOT.relativize(file).toString(), Repository.text(file)))
        .toList();
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
