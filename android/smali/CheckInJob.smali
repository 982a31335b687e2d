# Android's way to work in the background: a round on a thread of its own, and the next one ordered.
.class public final Ldev/drydock/agent/CheckInJob;
.super Landroid/app/job/JobService;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/app/job/JobService;-><init>()V
    return-void
.end method

.method public onStartJob(Landroid/app/job/JobParameters;)Z
    .locals 2
    new-instance v0, Ldev/drydock/agent/Round;
    invoke-direct {v0, p0, p1}, Ldev/drydock/agent/Round;-><init>(Landroid/app/job/JobService;Landroid/app/job/JobParameters;)V
    new-instance v1, Ljava/lang/Thread;
    invoke-direct {v1, v0}, Ljava/lang/Thread;-><init>(Ljava/lang/Runnable;)V
    invoke-virtual {v1}, Ljava/lang/Thread;->start()V
    const/4 v0, 0x1
    return v0
.end method

# Android wants the device back: the round may be ended, and is to come again.
.method public onStopJob(Landroid/app/job/JobParameters;)Z
    .locals 1
    const/4 v0, 0x1
    return v0
.end method
