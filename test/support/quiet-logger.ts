import { Logger } from '@nestjs/common';

// Expected errors must not fill the output; tests assert log lines with spies.
Logger.overrideLogger(false);
