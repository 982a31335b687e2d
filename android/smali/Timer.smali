# When the next round is. Android decides the moment: it gathers jobs, and holds them back on a
# device that sleeps. Job 1 comes every 15 minutes (the least that JobScheduler repeats) whatever
# happened to the others; jobs 2 and 3 take turns at the server's own interval, because a job that
# is scheduled anew while it runs would be stopped.
.class public final Ldev/drydock/agent/Timer;
.super Ljava/lang/Object;

.method private static scheduler(Landroid/content/Context;)Landroid/app/job/JobScheduler;
    .locals 1
    const-string v0, "jobscheduler"
    invoke-virtual {p0, v0}, Landroid/content/Context;->getSystemService(Ljava/lang/String;)Ljava/lang/Object;
    move-result-object v0
    check-cast v0, Landroid/app/job/JobScheduler;
    return-object v0
.end method

# On any network.
.method private static job(Landroid/content/Context;I)Landroid/app/job/JobInfo$Builder;
    .locals 3
    new-instance v0, Landroid/content/ComponentName;
    const-class v1, Ldev/drydock/agent/CheckInJob;
    invoke-direct {v0, p0, v1}, Landroid/content/ComponentName;-><init>(Landroid/content/Context;Ljava/lang/Class;)V
    new-instance v1, Landroid/app/job/JobInfo$Builder;
    invoke-direct {v1, p1, v0}, Landroid/app/job/JobInfo$Builder;-><init>(ILandroid/content/ComponentName;)V
    const/4 v2, 0x1
    invoke-virtual {v1, v2}, Landroid/app/job/JobInfo$Builder;->setRequiredNetworkType(I)Landroid/app/job/JobInfo$Builder;
    return-object v1
.end method

# From now on, over reboots; and a first round at once.
.method public static arm(Landroid/content/Context;)V
    .locals 4
    const/4 v0, 0x1
    invoke-static {p0}, Ldev/drydock/agent/Timer;->scheduler(Landroid/content/Context;)Landroid/app/job/JobScheduler;
    move-result-object v1
    invoke-virtual {v1, v0}, Landroid/app/job/JobScheduler;->getPendingJob(I)Landroid/app/job/JobInfo;
    move-result-object v2
    if-nez v2, :armed
    invoke-static {p0, v0}, Ldev/drydock/agent/Timer;->job(Landroid/content/Context;I)Landroid/app/job/JobInfo$Builder;
    move-result-object v0
    const-wide/32 v2, 0xdbba0
    invoke-virtual {v0, v2, v3}, Landroid/app/job/JobInfo$Builder;->setPeriodic(J)Landroid/app/job/JobInfo$Builder;
    const/4 v2, 0x1
    invoke-virtual {v0, v2}, Landroid/app/job/JobInfo$Builder;->setPersisted(Z)Landroid/app/job/JobInfo$Builder;
    invoke-virtual {v0}, Landroid/app/job/JobInfo$Builder;->build()Landroid/app/job/JobInfo;
    move-result-object v0
    invoke-virtual {v1, v0}, Landroid/app/job/JobScheduler;->schedule(Landroid/app/job/JobInfo;)I
    :armed
    const/4 v0, 0x0
    invoke-static {p0, v0}, Ldev/drydock/agent/Timer;->soon(Landroid/content/Context;I)V
    return-void
.end method

.method public static soon(Landroid/content/Context;I)V
    .locals 1
    const/4 v0, 0x2
    invoke-static {p0, p1, v0}, Ldev/drydock/agent/Timer;->after(Landroid/content/Context;II)V
    return-void
.end method

# In so many seconds, as the job of this id.
.method public static after(Landroid/content/Context;II)V
    .locals 5
    invoke-static {p0, p2}, Ldev/drydock/agent/Timer;->job(Landroid/content/Context;I)Landroid/app/job/JobInfo$Builder;
    move-result-object v0
    int-to-long v1, p1
    const-wide/16 v3, 0x3e8
    mul-long v1, v1, v3
    invoke-virtual {v0, v1, v2}, Landroid/app/job/JobInfo$Builder;->setMinimumLatency(J)Landroid/app/job/JobInfo$Builder;
    invoke-virtual {v0}, Landroid/app/job/JobInfo$Builder;->build()Landroid/app/job/JobInfo;
    move-result-object v0
    invoke-static {p0}, Ldev/drydock/agent/Timer;->scheduler(Landroid/content/Context;)Landroid/app/job/JobScheduler;
    move-result-object v1
    invoke-virtual {v1, v0}, Landroid/app/job/JobScheduler;->schedule(Landroid/app/job/JobInfo;)I
    return-void
.end method
