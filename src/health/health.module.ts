import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CamundaEngineModule } from '../camunda-engine/index.js';
import { ProcessModule } from '../process/index.js';
import { WakeUpsModule } from '../wake-ups/index.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

/** `/health/live`, `/health/ready`, `/health`. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false }), CamundaEngineModule, ProcessModule, WakeUpsModule],
  controllers: [HealthController],
  providers: [HealthService],
})
export class HealthModule {}
