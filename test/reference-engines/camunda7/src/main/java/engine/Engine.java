package engine;

import java.io.IOException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class Engine {

  public static void main(String... arguments) {
    if (Boolean.getBoolean("engine.endsWithInput")) {
      endWithInput();
    }
    SpringApplication.run(Engine.class, arguments);
  }

  /** The pipe from the process that started this one closes when that process ends, however it ends. */
  private static void endWithInput() {
    Thread watch = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {
          // Nothing is ever sent.
        }
      } catch (IOException closed) {
        // As good as its end.
      }
      Runtime.getRuntime().halt(0);
    });
    watch.setDaemon(true);
    watch.start();
  }
}
