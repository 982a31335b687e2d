# A round in the background. Whatever goes wrong is told to whoever opens the app, and is tried
# again after five minutes: the reason is most often the network.
.class public final Ldev/drydock/agent/Round;
.super Ljava/lang/Object;
.implements Ljava/lang/Runnable;

.field private final parameters:Landroid/app/job/JobParameters;
.field private final service:Landroid/app/job/JobService;

.method public constructor <init>(Landroid/app/job/JobService;Landroid/app/job/JobParameters;)V
    .locals 0
    invoke-direct {p0}, Ljava/lang/Object;-><init>()V
    iput-object p1, p0, Ldev/drydock/agent/Round;->service:Landroid/app/job/JobService;
    iput-object p2, p0, Ldev/drydock/agent/Round;->parameters:Landroid/app/job/JobParameters;
    return-void
.end method

.method public run()V
    .locals 6
    iget-object v0, p0, Ldev/drydock/agent/Round;->service:Landroid/app/job/JobService;
    iget-object v1, p0, Ldev/drydock/agent/Round;->parameters:Landroid/app/job/JobParameters;
    :round_start
    invoke-static {v0}, Ldev/drydock/agent/Agent;->round(Landroid/content/Context;)I
    move-result v2
    :round_end
    .catch Ljava/lang/Exception; {:round_start .. :round_end} :failed
    goto :next
    :failed
    move-exception v3
    invoke-virtual {v3}, Ljava/lang/Exception;->toString()Ljava/lang/String;
    move-result-object v3
    invoke-static {v0, v3}, Ldev/drydock/agent/Agent;->say(Landroid/content/Context;Ljava/lang/String;)V
    const/16 v2, 0x12c
    :next
    invoke-virtual {v1}, Landroid/app/job/JobParameters;->getJobId()I
    move-result v3
    const/4 v4, 0x2
    if-ne v3, v4, :second
    const/4 v4, 0x3
    :second
    invoke-static {v0, v2, v4}, Ldev/drydock/agent/Timer;->after(Landroid/content/Context;II)V
    const/4 v5, 0x0
    invoke-virtual {v0, v1, v5}, Landroid/app/job/JobService;->jobFinished(Landroid/app/job/JobParameters;Z)V
    return-void
.end method
