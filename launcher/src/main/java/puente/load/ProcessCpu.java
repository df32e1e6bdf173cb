package puente.load;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** CPU time and memory of a process on this machine, as Linux tells it. */
public final class ProcessCpu {

  private ProcessCpu() {}

  /** Nanoseconds that all its threads have run; 0 if there is no such process, or no Linux. */
  public static long nanos(long pid) {
    long sum = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads) {
        sum += ofThread(thread);
      }
    } catch (IOException gone) {
      return 0;
    }
    return sum;
  }

  private static long ofThread(Path thread) {
    try {
      String figures = Files.readString(thread.resolve("schedstat"));
      return Long.parseLong(figures.substring(0, figures.indexOf(' ')));
    } catch (IOException ended) {
      return 0;
    }
  }

  /** Bytes that are resident; 0 if that cannot be known. */
  public static long residentBytes(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    } catch (IOException gone) {
      return 0;
    }
    return 0;
  }
}
